//! What those who are compared want to hear.
//!
//! How they frame what they deliver is learned by trying, see
//! [`Fanout`](crate::fanout): here stands what a client says only.

use clap::ValueEnum;

/// How to talk to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    /// A line is a message: Snug, the floor, `ncat --chat`.
    Line,
    /// A send is a message: the classic server, and Snug to classic peers.
    Classic,
    /// Redis, publish and subscribe.
    Redis,
    /// NATS.
    Nats,
    /// IRC.
    Irc,
    /// MQTT 3.1.1 without acknowledgements.
    Mqtt,
}

impl Wire {
    /// What somebody says first who is to receive.
    pub fn hello(self, index: usize) -> Vec<u8> {
        match self {
            Self::Line => b"\n".into(),
            Self::Classic => Vec::new(),
            Self::Redis => b"SUBSCRIBE room\r\n".into(),
            Self::Nats => b"CONNECT {\"verbose\":false}\r\nSUB room 1\r\n".into(),
            Self::Irc => format!("NICK n{index}\r\nUSER n 0 * :n\r\nJOIN #room\r\n").into(),
            Self::Mqtt => [&mqtt_connect(index)[..], b"\x82\x09\0\x01\0\x04room\0"].concat(),
        }
    }

    /// What somebody says first who only sends.
    pub fn sender_hello(self, index: usize) -> Vec<u8> {
        match self {
            Self::Redis => Vec::new(),
            Self::Nats => b"CONNECT {\"verbose\":false}\r\n".into(),
            Self::Mqtt => mqtt_connect(index),
            _ => self.hello(index),
        }
    }

    /// Whether senders get what the other senders say.
    pub fn senders_listen(self) -> bool {
        matches!(self, Self::Line | Self::Classic | Self::Irc)
    }

    /// Whether a message ends with its send, so that a sender has to wait until
    /// it is delivered.
    pub fn one_by_one(self) -> bool {
        self == Self::Classic
    }

    /// Adds a message to what is to be sent.
    pub fn publish(self, out: &mut Vec<u8>, text: &[u8]) {
        let before = match self {
            Self::Line | Self::Classic => String::new(),
            Self::Redis => {
                format!("*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n${}\r\n", text.len())
            }
            Self::Nats => format!("PUB room {}\r\n", text.len()),
            Self::Irc => "PRIVMSG #room :".into(),
            Self::Mqtt => {
                out.push(0x30);
                mqtt_length(out, 6 + text.len());
                "\0\x04room".into()
            }
        };
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(match self {
            Self::Line => b"\n",
            Self::Classic | Self::Mqtt => b"",
            _ => b"\r\n",
        });
    }
}

fn mqtt_connect(index: usize) -> Vec<u8> {
    let name = format!("n{index:06}");
    let mut out = b"\x10\x13\0\x04MQTT\x04\x02\0\0\0\x07".to_vec();
    out.extend_from_slice(name.as_bytes());
    out
}

/// The variable length of MQTT: seven bits a byte, the least first.
fn mqtt_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let more = if length > 127 { 0x80 } else { 0 };
        out.push((length % 128) as u8 | more);
        length /= 128;
        if length == 0 {
            return;
        }
    }
}
