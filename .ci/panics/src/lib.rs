//! What a program without std needs to be linked at all. None of it is run: the
//! programs are built to look at which panics are left in them.

#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

// What copies and compares bytes.
#[link(name = "c")]
unsafe extern "C" {}

/// Any bytes, of any length: the compiler knows nothing of them.
pub fn any_bytes() -> &'static [u8] {
    black_box(&[])
}

/// Any value.
pub fn any<T>(value: T) -> T {
    black_box(value)
}
