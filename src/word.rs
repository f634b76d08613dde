//! The bound of values that are copied word by word.

use bytemuck::NoUninit;

/// Plain data: a value that [`SeqLock`](crate::SeqLock) and [`Snapshot`](crate::Snapshot) can copy
/// word by word while another thread writes it.
///
/// That takes a `Copy` type all of whose bytes are initialised: integers, floats, `bool`, `char`,
/// arrays of them, and structs without padding. Every [`bytemuck::NoUninit`] type has it; derive
/// that for your own.
///
/// Reading asks for nothing more, because a copy is given out only when it is byte for byte a value
/// that was stored. So types with invalid bit patterns are fine.
///
/// ```
/// use untorn::SeqLock;
/// use untorn::bytemuck::NoUninit;
///
/// #[derive(Clone, Copy, PartialEq, Debug, NoUninit)]
/// #[repr(C)]
/// struct Quote {
///     bid: u32,
///     ask: u32,
///     stamp: u64,
/// }
///
/// let quote = Quote { bid: 99, ask: 101, stamp: 7 };
/// let cell = SeqLock::new(quote);
/// assert_eq!(cell.read(), quote);
/// ```
///
/// A type with a destructor, a pointer or padding is refused at compile time:
///
/// ```compile_fail,E0277
/// untorn::SeqLock::new(String::from("owns memory"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data: it may have padding, pointers or a destructor",
    label = "cannot be copied word by word while another thread writes it",
    note = "for your own `Copy` type without padding: `#[derive(bytemuck::NoUninit)] #[repr(C)]`",
    note = "for any other type, publish a pointer to it instead of its bytes"
)]
pub trait PlainData: NoUninit {}

impl<T: NoUninit> PlainData for T {}
