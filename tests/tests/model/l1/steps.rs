//! What Redis, the connection, a reader and an invalidation in this process do, one step at a time.

use crate::explore::{Protocol, Steps};

pub(super) const I1: &str = "I1: quiet, and what is kept is not what Redis has";
pub(super) const I2: &str = "I2: what is kept is old, and no push of it is on its way";
pub(super) const I3: &str = "I3: older than an invalidation of this process that had returned";
pub(super) const I5: &str = "I5: served past the end of its life";
pub(super) const I6: &str = "I6: served, and the connection that read it is lost";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    None,
    NoCount,
    InsertsThenLooks,
    PushCountsNothing,
    PushIgnored,
    SecondKeyIgnored,
    FlushIgnored,
    KeepsOwnFill,
    NoLoop,
    RemovesOnlyBefore,
    KeepsOverLoss,
    LossCountsNothing,
    ReadsUntracked,
    NoEnd,
    OwnerIgnored,
}

#[derive(Clone, Copy)]
pub(super) struct Model {
    pub(super) bug: Bug,
    /// How often the whole database is flushed.
    pub(super) flushes: u8,
    /// How often the key's slot moves to another node.
    pub(super) owners: u8,
}

/// Values are numbered by the state of the data that they were computed from.
type Version = u8;

/// What is on the tracked connection, on its way to this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Reply(Option<Version>),
    Push,
    /// In an array behind another key.
    PushSecond,
    /// Nil: of every key.
    Flush,
}

/// What a reader noted before it sent anything. The generation is for the observer alone: it need
/// not be compared, since a loss counts for all keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Ticket {
    count: u8,
    generation: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    Idle,
    Sent(Ticket),
    /// Redis has answered.
    Answered(Ticket),
    Read(Ticket, Option<Version>),
    /// Has inserted, and is about to look.
    Inserted(Ticket),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Invalidation {
    Idle,
    Begun,
    CarriedOut,
    Returned,
}

/// The tracked connection, as this process sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Connection {
    Lost,
    /// Open, and tracking is not acknowledged yet.
    Opening,
    Up(u8),
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    redis: Option<Version>,
    /// The value's life is over, and Redis has not seen it yet.
    over: bool,
    /// Redis pushes the next change of the key.
    registered: bool,
    /// Whether Redis' end of the connection lives, and tracks.
    alive: bool,
    tracks: bool,
    /// The key is on another node, and whether this process knows.
    moved: Option<bool>,
    wire: Vec<Message>,
    kept: Option<(Version, u8)>,
    count: u8,
    connection: Connection,
    reader: Reader,
    invalidation: Invalidation,
    newest: Version,
    /// What is not to be older once the invalidation has returned.
    must: Version,
    changes: u8,
    losses: u8,
    flushes: u8,
    owners: u8,
}

impl State {
    fn pushes(&mut self, message: Message) {
        if self.registered && self.alive {
            self.wire.push(message);
        }
        self.registered = false;
    }

    fn forgets(&mut self) {
        self.kept = None;
        self.count += 1;
    }

    fn generation(&self) -> Option<u8> {
        match self.connection {
            Connection::Up(generation) => Some(generation),
            Connection::Lost | Connection::Opening => None,
        }
    }
}

impl Model {
    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn reader(&self, s: &State, to: &mut Steps<State>) {
        let reads = match s.connection {
            Connection::Up(generation) => Some(generation),
            Connection::Opening if self.is(Bug::ReadsUntracked) => Some(1),
            _ => None,
        };
        match s.reader {
            Reader::Idle => {
                if let Some(generation) = reads {
                    to.step(s, "reader", "notes the count, and asks", |n| {
                        n.reader = Reader::Sent(Ticket { count: n.count, generation });
                    });
                }
            }
            Reader::Sent(ticket) if s.alive => to.step(s, "redis", "answers the reader", |n| {
                n.reader = Reader::Answered(ticket);
                n.registered = n.tracks && n.moved.is_none();
                n.wire.push(Message::Reply(n.redis.filter(|_| !n.over)));
            }),
            Reader::Read(ticket, found) => {
                let looks = !matches!(self.bug, Bug::NoCount | Bug::InsertsThenLooks);
                match found.filter(|_| ticket.count == s.count || !looks) {
                    Some(version) => to.step(s, "reader", "keeps what it read", |n| {
                        n.kept = Some((version, ticket.generation));
                        n.reader = match self.bug {
                            Bug::InsertsThenLooks => Reader::Inserted(ticket),
                            _ => Reader::Done,
                        };
                    }),
                    None => to.step(s, "reader", "keeps nothing", |n| n.reader = Reader::Done),
                }
            }
            Reader::Inserted(ticket) => to.step(s, "reader", "looks", |n| {
                if ticket.count != n.count {
                    n.kept = None;
                }
                n.reader = Reader::Done;
            }),
            Reader::Done if s.changes > 0 => {
                to.step(s, "reader", "is another one", |n| n.reader = Reader::Idle);
            }
            Reader::Sent(_) | Reader::Answered(_) | Reader::Done => {}
        }
    }

    fn delivery(&self, s: &State, to: &mut Steps<State>) {
        let Some(message) = s.wire.first().copied() else { return };
        if s.connection == Connection::Lost {
            return;
        }
        let bug = self.bug;
        to.step(s, "connection", "delivers the next message", |n| {
            n.wire.remove(0);
            match (message, bug) {
                (Message::Reply(found), _) => {
                    if let Reader::Answered(ticket) = n.reader {
                        n.reader = Reader::Read(ticket, found);
                    }
                }
                (_, Bug::PushIgnored)
                | (Message::PushSecond, Bug::SecondKeyIgnored)
                | (Message::Flush, Bug::FlushIgnored) => {}
                (_, Bug::PushCountsNothing) => n.kept = None,
                _ => n.forgets(),
            }
        });
    }

    fn others(&self, s: &State, to: &mut Steps<State>) {
        if s.changes > 0 {
            for (what, message) in
                [("changes the key", Message::Push), ("changes two keys", Message::PushSecond)]
            {
                to.step(s, "another process", what, |n| {
                    n.changes -= 1;
                    n.over = false;
                    n.newest += 1;
                    n.redis = if n.redis.is_some() { None } else { Some(n.newest) };
                    n.pushes(message);
                });
            }
            if s.generation().is_some() {
                to.step(s, "this process", "fills, or puts", |n| {
                    n.changes -= 1;
                    n.over = false;
                    n.newest += 1;
                    n.redis = Some(n.newest);
                    match self.bug {
                        // By the tracked connection, which is told nothing of itself.
                        Bug::NoLoop => n.registered = false,
                        _ => n.pushes(Message::Push),
                    }
                    if self.is(Bug::KeepsOwnFill)
                        && let Some(generation) = n.generation()
                    {
                        n.kept = Some((n.newest, generation));
                    }
                });
            }
        }
        if s.redis.is_some() && !s.over {
            to.step(s, "time", "ends the life of the value", |n| n.over = true);
        }
        if s.over {
            to.step(s, "redis", "sees that the life is over", |n| {
                (n.redis, n.over) = (None, false);
                n.pushes(Message::Push);
            });
        }
        if s.flushes > 0 {
            to.step(s, "another process", "flushes everything", |n| {
                n.flushes -= 1;
                (n.redis, n.over) = (None, false);
                n.pushes(Message::Flush);
            });
        }
    }

    fn invalidation(&self, s: &State, to: &mut Steps<State>) {
        match s.invalidation {
            Invalidation::Idle => to.step(s, "this process", "begins to invalidate", |n| {
                n.newest += 1;
                n.must = n.newest;
                n.forgets();
                n.invalidation = Invalidation::Begun;
            }),
            Invalidation::Begun => to.step(s, "redis", "carries out the invalidation", |n| {
                if n.redis.take().is_some() {
                    n.pushes(Message::Push);
                }
                n.over = false;
                n.invalidation = Invalidation::CarriedOut;
            }),
            Invalidation::CarriedOut => to.step(s, "this process", "has invalidated", |n| {
                if !self.is(Bug::RemovesOnlyBefore) {
                    n.forgets();
                }
                n.invalidation = Invalidation::Returned;
            }),
            Invalidation::Returned => {}
        }
    }

    fn connection(&self, s: &State, to: &mut Steps<State>) {
        if s.losses > 0 && s.alive {
            to.step(s, "network", "cuts the connection", |n| {
                n.losses -= 1;
                (n.alive, n.tracks, n.registered) = (false, false, false);
                n.wire.clear();
            });
        }
        if !s.alive && s.connection != Connection::Lost {
            to.step(s, "this process", "sees that the connection is lost", |n| {
                n.connection = Connection::Lost;
                match self.bug {
                    Bug::KeepsOverLoss => n.count += 1,
                    Bug::LossCountsNothing => n.kept = None,
                    _ => n.forgets(),
                }
                if let Reader::Sent(_) | Reader::Answered(_) = n.reader {
                    n.reader = Reader::Done;
                }
            });
        }
        match s.connection {
            Connection::Lost if !s.alive => to.step(s, "this process", "connects", |n| {
                n.connection = Connection::Opening;
                n.alive = true;
            }),
            Connection::Opening if s.alive => to.step(s, "redis", "tracks, and says so", |n| {
                n.tracks = true;
                n.connection = Connection::Up(1);
            }),
            _ => {}
        }
        if s.owners > 0 && s.moved.is_none() {
            to.step(s, "cluster", "moves the key to another node", |n| {
                n.owners -= 1;
                n.registered = false;
                n.moved = Some(false);
            });
        }
        if s.moved == Some(false) {
            to.step(s, "this process", "hears of the key's new owner", |n| {
                n.moved = Some(true);
                if !self.is(Bug::OwnerIgnored) {
                    n.connection = Connection::Lost;
                    n.forgets();
                    if let Reader::Sent(_) | Reader::Answered(_) = n.reader {
                        n.reader = Reader::Done;
                    }
                }
            });
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let reads_early = self.is(Bug::ReadsUntracked);
        State {
            redis: Some(0),
            over: false,
            registered: false,
            alive: true,
            tracks: !reads_early,
            moved: None,
            wire: Vec::new(),
            kept: None,
            count: 0,
            connection: if reads_early { Connection::Opening } else { Connection::Up(0) },
            reader: Reader::Idle,
            invalidation: Invalidation::Idle,
            newest: 0,
            must: 0,
            changes: 2,
            losses: u8::from(self.owners == 0),
            flushes: self.flushes,
            owners: self.owners,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        self.reader(s, to);
        self.delivery(s, to);
        self.others(s, to);
        self.invalidation(s, to);
        self.connection(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        let (version, generation) = s.kept?;
        let current = s.generation()?; // without a connection nothing is served
        if current != generation {
            return Some(I6);
        }
        if s.over && s.redis == Some(version) {
            return self.is(Bug::NoEnd).then_some(I5); // it has an end of its own
        }
        if s.invalidation == Invalidation::Returned && version < s.must {
            return Some(I3);
        }
        if s.redis == Some(version) || !s.alive || s.moved == Some(false) {
            return None; // what is lost or moved is known within the time of `vouch`
        }
        let told = |message: &Message| !matches!(message, Message::Reply(_));
        if s.moved == Some(true) || s.wire.is_empty() && self.expects_a_push() {
            return Some(I1);
        }
        (!s.registered && !s.wire.iter().any(told)).then_some(I2)
    }

    fn settled(&self, s: &State) -> bool {
        matches!(s.reader, Reader::Done | Reader::Idle)
    }
}

impl Model {
    /// Whether what goes wrong does so once a push is delivered.
    fn expects_a_push(&self) -> bool {
        matches!(self.bug, Bug::PushIgnored | Bug::SecondKeyIgnored | Bug::FlushIgnored)
    }
}
