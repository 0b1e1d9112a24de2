//! Registers: the one place where this firmware touches memory by address.

use core::ptr;

/// A register of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    address: usize,
}

impl Register {
    /// The register at an address, which must be that of a peripheral's
    /// register and a multiple of 4.
    pub(super) const fn at(address: usize) -> Self {
        // Peripherals, and those of the processor itself; never flash or RAM.
        assert!(address >= 0x4000_0000 && address.is_multiple_of(4));
        Self { address }
    }

    /// What it holds.
    #[allow(unsafe_code)]
    pub(super) fn read(self) -> u32 {
        // SAFETY: the address is aligned, and that of a peripheral (see `at`):
        // no Rust object lives there, and no read of this chip's peripherals
        // changes memory.
        unsafe { ptr::read_volatile(self.address as *const u32) }
    }

    /// Gives it a value.
    #[allow(unsafe_code)]
    pub(super) fn write(self, value: u32) {
        // SAFETY: as for `read`. None of the peripherals that are used here has
        // direct access to memory, and none moves the vector table.
        unsafe { ptr::write_volatile(self.address as *mut u32, value) }
    }

    /// Sets bits, and leaves the others as they are.
    pub(super) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    /// Clears bits, and leaves the others as they are.
    pub(super) fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}
