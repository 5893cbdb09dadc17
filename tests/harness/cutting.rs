//! A line that breaks: a proxy in front of a server that ends connections after so many bytes.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A proxy that lives as long as the test.
pub struct CuttingProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// Where the server is; it may get another port.
    server: Mutex<SocketAddr>,
    /// After how many bytes from the client the next connections are cut, one each.
    cuts: Mutex<Vec<usize>>,
    passed: AtomicUsize,
    cut: AtomicUsize,
}

impl CuttingProxy {
    /// In front of `server`. Each of `cuts` ends one connection that has sent that many bytes; then nothing is cut any more.
    pub fn new(server: SocketAddr, cuts: &[usize]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            cuts: Mutex::new(cuts.iter().rev().copied().collect()),
            passed: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
        });
        let served = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = served.clone();
                thread::spawn(move || serve(&shared, client));
            }
        });
        Self { address, shared }
    }

    /// Where clients go.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server is elsewhere now.
    pub fn follow(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap() = server;
    }

    /// Bytes that clients have sent.
    pub fn passed(&self) -> usize {
        self.shared.passed.load(Ordering::SeqCst)
    }

    /// Connections that were cut.
    pub fn cut(&self) -> usize {
        self.shared.cut.load(Ordering::SeqCst)
    }
}

fn serve(shared: &Arc<Shared>, client: TcpStream) {
    let Ok(server) = TcpStream::connect(*shared.server.lock().unwrap()) else { return };
    let answers = [server.try_clone().unwrap(), client.try_clone().unwrap()];
    let back = thread::spawn(move || {
        let [mut server, mut client] = answers;
        let _ = std::io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
    });
    forward(shared, &client, &server);
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    back.join().unwrap();
}

fn forward(shared: &Shared, mut client: &TcpStream, mut server: &TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    let mut sent = 0;
    loop {
        let count = match client.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        sent += count;
        shared.passed.fetch_add(count, Ordering::SeqCst);
        {
            let mut cuts = shared.cuts.lock().unwrap();
            if cuts.last().is_some_and(|cut| sent >= *cut) {
                cuts.pop();
                shared.cut.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
        if server.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
