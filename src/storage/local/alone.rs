//! Work on a thread of its own: what may hang in the kernel for ever, as a look at a mount whose server is gone does. In a pool
//! it would take a place away from everybody; here it takes a thread that nobody needs.

use std::{io, thread};

use tokio::sync::oneshot;

/// Starts `work` and tells what came of it; whoever does not want to wait any longer drops the receiver.
///
/// # Errors
/// Those of the system, if there is no thread to be had.
pub fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<oneshot::Receiver<T>> {
    let (tell, told) = oneshot::channel();
    let job = move || {
        // Nobody may be waiting any more.
        let _ = tell.send(work());
    };
    thread::Builder::new().name("look".into()).stack_size(512 << 10).spawn(job)?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn what_came_of_it_is_told() {
        assert_eq!(super::start(|| 42).expect("a thread").await, Ok(42));
    }
}
