//! Coming, talking, going.

use super::{CLIENTS, Place, join, join_lines, knock};

pub(crate) fn people_of_both_dialects_talk<P: Place>() {
    let mut place = P::start();
    let mut classic = join(&place);
    place.shows("entered (1 user online)");
    let mut line = join(&place);
    classic.hears("> New user ");
    classic.hears(" entered (2 users online)");
    line.switches();
    line.sends("hello\n");
    classic.hears("] hello");
    place.shows("] hello");
    classic.sends("hello yourself");
    line.hears("] hello yourself\n");
    line.sends("#nick Ada\nit is me\n");
    classic.hears("[Ada] it is me");
    classic.sends("grüße, 世界 🦀");
    line.hears("] grüße, 世界 🦀\n");
    drop(classic);
    line.hears(" left (1 user online)\n");
    place.shows("left (1 user online)");
}

pub(crate) fn everybody_is_counted<P: Place>() {
    let mut place = P::start();
    let mut people = Vec::new();
    for count in 1..=CLIENTS {
        people.push(join_lines(&place));
        let s = if count == 1 { "" } else { "s" };
        place.shows(&format!(" entered ({count} user{s} online)"));
        people[0].sends("#who\n");
        people[0].hears(&format!("> {count} user{s}\n"));
    }
    while people.len() > 1 {
        people.pop();
        let s = if people.len() == 1 { "" } else { "s" };
        let left = format!(" left ({} user{s} online)\n", people.len());
        people[0].hears(&left);
    }
    people.clear();
    place.shows(" left (0 user online)");
    join(&place);
}

pub(crate) fn a_full_room_tells_newcomers_and_lets_them_in_later<P: Place>() {
    let place = P::start();
    let mut people: Vec<_> = (0..CLIENTS).map(|_| join(&place)).collect();
    for _ in 0..3 {
        let mut late = knock(&place);
        late.hears("! the room is full; try again later\n");
        late.is_put_out();
    }
    for _ in 0..CLIENTS {
        let leaver = people.remove(0);
        drop(leaver);
        people[CLIENTS - 2].hears(" left (7 users online)");
        people.push(join(&place));
    }
}
