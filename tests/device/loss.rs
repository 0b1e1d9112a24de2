//! The device behind a cable that loses, doubles, swaps and damages frames.

use std::thread;

use crate::cable::Cable;
use crate::gateway::Gateway;
use crate::machine::{Card, Machine};
use crate::scenarios::noise;
use crate::stands;

const LINES: usize = 60;

#[test]
#[ignore = "run by firmware/test"]
fn all_arrives_whole_and_in_order_over_a_bad_cable() {
    let card = Card::new(64);
    let gateway = Gateway::start(Cable::new(7).unwrap()).unwrap();
    let device = Machine::start_on(gateway.options(), gateway.port(), Some(&card));
    let [mut speaker, mut reader, mut sender] = [(); 3].map(|()| {
        let mut person = device.join();
        person.switches();
        person
    });
    let photo = noise(10_000, 1);
    let sends = thread::spawn(move || {
        assert!(sender.uploads("photo.png", &noise(10_000, 1)));
        sender
    });
    for number in 0..LINES {
        speaker.sends(format!("line {number}\n"));
    }
    let heard: String =
        (0..LINES).map(|number| reader.hears(&format!("] line {number}\n"))).collect();
    assert_eq!(heard.matches("] line ").count(), LINES, "{heard}");
    // Hanging up would be a reset, which may get lost; the room's goodbye is not.
    let mut sender = sends.join().unwrap();
    sender.sends("#quit\n");
    reader.hears(" left (2 users online)\n");
    speaker.sends("#who\n");
    speaker.hears("> 2 users\n");
    assert!(gateway.faults() > 10, "the cable was too good: {}", gateway.faults());
    device.stop();
    stands(&card, "photo.png", &photo);
    assert_eq!(card.complaints(), "");
}
