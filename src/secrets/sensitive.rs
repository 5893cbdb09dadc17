//! Values that never show themselves.

use std::fmt;

use zeroize::Zeroize;

/// A value that prints as `***` and is overwritten in memory when dropped.
///
/// There is no `Display`, `Deref` or serialisation on purpose: reading the value takes the word
/// [`Sensitive::expose`], which is easy to search for.
#[derive(Clone, Default)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; keep the borrow short and do not copy it into anything that is printed.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl Sensitive<String> {
    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Zeroize> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Sensitive<T> {
    fn eq(&self, other: &Self) -> bool {
        crate::token::constant_time_eq(self.0.as_ref(), other.0.as_ref())
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Sensitive<T> {}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-005
    #[test]
    fn debug_output_hides_the_value() {
        let text = Sensitive::<String>::from("swordfish");
        assert_eq!(format!("{text:?}"), "***");
        assert_eq!(format!("{:?}", Some(&text)), "Some(***)");
        assert_eq!(text.expose(), "swordfish");
    }

    #[test]
    fn equality_compares_the_values() {
        assert_eq!(Sensitive::<String>::from("a"), Sensitive::<String>::from("a"));
        assert_ne!(Sensitive::<String>::from("a"), Sensitive::<String>::from("b"));
    }
}
