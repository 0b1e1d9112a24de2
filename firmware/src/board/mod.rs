//! The board: an LM3S6965 with its own Ethernet, a card slot and a serial port.
//!
//! Nothing here knows of the room. To port the firmware, write this folder
//! again for another board.

mod clock;
mod mac;
mod register;
mod spi;
mod uart;

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m::{Peripherals, asm, interrupt};

pub use clock::Clock;
pub use mac::{Frames, Mac};
use register::Register;
pub use spi::Spi;
pub use uart::Uart;

/// The processor's clock in Hz.
const FREQUENCY: u32 = 50_000_000;

const PLL_STATUS: Register = Register::at(0x400F_E050);
const RUN_CLOCK: Register = Register::at(0x400F_E060);
const GATES_1: Register = Register::at(0x400F_E104);
const GATES_2: Register = Register::at(0x400F_E108);
const PORT_A_FUNCTION: Register = Register::at(0x4000_4420);
const PORT_A_DIGITAL: Register = Register::at(0x4000_451C);
const PORT_D_DIRECTION: Register = Register::at(0x4000_7400);
const PORT_D_DIGITAL: Register = Register::at(0x4000_751C);

/// What wakes the processor beside its timer: the interrupts 5 (serial port)
/// and 42 (Ethernet), 32 of them a register.
const WAKERS: [u32; 2] = [1 << 5, 1 << (42 - 32)];
const ENABLE: [Register; 2] = [Register::at(0xE000_E100), Register::at(0xE000_E104)];
const FORGET: [Register; 2] = [Register::at(0xE000_E280), Register::at(0xE000_E284)];
const DISABLE: [Register; 2] = [Register::at(0xE000_E180), Register::at(0xE000_E184)];

/// All that is on the board.
#[derive(Debug)]
pub struct Board {
    /// Time since the start, and sleep.
    pub clock: Clock,
    /// The console.
    pub uart: Uart,
    /// Ethernet.
    pub mac: Mac,
    /// The bus to the card.
    pub spi: Spi,
}

impl Board {
    /// Starts the board. Works once.
    pub fn start(frames: &'static mut Frames, address: [u8; 6]) -> Option<Self> {
        let processor = Peripherals::take()?;
        start_clocks();
        connect_pins();
        Some(Self {
            clock: Clock::start(processor.SYST, FREQUENCY),
            uart: Uart::start(FREQUENCY),
            mac: Mac::start(frames, address),
            spi: Spi::start(),
        })
    }
}

/// Sleeps until an interrupt comes: the timer's, a frame, or room in the serial
/// port that somebody waits for.
///
/// No interrupt but the timer's has a handler. While interrupts are masked a
/// pending one still ends the wait, and it is seen to by who called.
fn sleep() {
    interrupt::disable();
    // One that no handler took stays pending, and would end every wait.
    write_wakers(FORGET);
    write_wakers(ENABLE);
    if !mac::has_frame() {
        asm::wfi();
    }
    write_wakers(DISABLE);
    enable_interrupts();
}

fn write_wakers(registers: [Register; 2]) {
    for (register, bits) in registers.into_iter().zip(WAKERS) {
        register.write(bits);
    }
}

#[allow(unsafe_code)]
fn enable_interrupts() {
    // SAFETY: the caller masked them itself, and nothing here is protected by
    // the mask: the only handler counts ticks in an atomic.
    unsafe { interrupt::enable() }
}

/// 50 MHz from the board's crystal of 8 MHz.
fn start_clocks() {
    const BYPASS: u32 = 1 << 11;
    const POWER_DOWN: u32 = 1 << 13;
    const DIVIDE_BY_4: u32 = 3 << 23 | 1 << 22;
    const CRYSTAL_8_MHZ: u32 = 0xE << 6;
    const LOCKED: u32 = 1 << 6;
    RUN_CLOCK.write(BYPASS | POWER_DOWN | DIVIDE_BY_4 | CRYSTAL_8_MHZ);
    RUN_CLOCK.clear(POWER_DOWN);
    while PLL_STATUS.read() & LOCKED == 0 {}
    RUN_CLOCK.clear(BYPASS);
    GATES_1.set(1 << 4 | 1); // SSI0, UART0
    GATES_2.set(1 << 30 | 1 << 28 | 1 << 3 | 1); // PHY, MAC, ports D and A
    // A gate needs three cycles to open.
    asm::delay(3);
}

/// Port A: serial port (0, 1) and SSI (2, 4, 5). Port D: the card's select (0).
fn connect_pins() {
    const PORT_A: u32 = 0b11_0111;
    PORT_A_FUNCTION.set(PORT_A);
    PORT_A_DIGITAL.set(PORT_A);
    PORT_D_DIRECTION.set(1);
    PORT_D_DIGITAL.set(1);
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // Where is in the debugger; the text of it would cost 9 KiB of flash.
    uart::say("! a bug; starting again\n");
    SCB::sys_reset()
}
