//! What keeps a bad peer, and a hole in the server itself, away from the rest:
//! the sandbox, the limits at the door, sockets from a service manager, and the
//! order in which a file becomes true.

mod hardening {
    mod activation;
    mod durability;
    mod limits;
    mod running;
    mod sandbox;
}
