//! The room from outside, over links in memory and under a clock of its own.

mod support;

mod room {
    mod chat;
    mod clients;
    mod commands;
    mod cuts;
    mod flood;
    mod limits;
    mod random;
    mod slow;
    mod stays;
    mod transfers;
    mod uploads;
}
