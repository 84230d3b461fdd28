//! What is kept, for how long, and what is not.

use super::*;
use std::thread;

/// The first connection to the only server.
const LINE: Line = Line { seat: 0, number: 1 };
/// One to another server.
const OTHER: Line = Line { seat: 1, number: 2 };

const SECOND: Duration = Duration::from_secs(1);

fn key(bare: &str) -> Key {
    Key::new("p", bare)
}

#[allow(clippy::unwrap_used)]
fn new(clock: &Clock) -> Arc<L1> {
    L1::new(1 << 20, 1, "p", clock).unwrap()
}

/// A tier with a connection, and the clock of what it keeps.
fn open() -> (Arc<L1>, Clock) {
    let clock = Clock::manual();
    let l1 = new(&clock);
    assert_eq!(l1.seat(), Some(0));
    l1.opened(LINE);
    (l1, clock)
}

fn keeping(reading: Reading, life: Duration) -> Keeping {
    Keeping { reading, noted: None, life, early: Duration::MAX }
}

fn keep(l1: &L1, bare: &str, life: Duration) {
    let reading = l1.begin(&key(bare), LINE);
    l1.vouch(LINE, reading.begun());
    l1.keep(&key(bare), keeping(reading, life), Room::default(), Arc::new(7_u64));
}

fn look(l1: &L1, whole: &str) -> Result<Value, Missed> {
    let mut missed = Missed::Unasked;
    l1.look(&l1.place(whole), Tags::NONE, &mut missed).ok_or(missed)
}

fn is_kept(l1: &L1, bare: &str) -> bool {
    matches!(look(l1, key(bare).whole()), Ok(value) if value.downcast_ref() == Some(&7_u64))
}

#[test]
fn a_value_is_kept_until_its_end() {
    let (l1, clock) = open();
    keep(&l1, "a", SECOND);
    assert!(is_kept(&l1, "a") && !is_kept(&l1, "b"));
    clock.advance(SECOND - 2 * LATE);
    assert!(is_kept(&l1, "a"));
    clock.advance(LATE);
    assert!(!is_kept(&l1, "a"), "as early as the coarse clock may be late");
    assert_eq!(l1.figures().entries, 0, "nobody needs it any more");
}

#[test]
fn a_number_is_found_where_its_text_is() {
    let (l1, _) = open();
    l1.learn(0, 7, &l1.place(key("a:7").whole()));
    for (bare, number) in [("a:7", 7), ("a:12", 12), ("a:0", 0), ("a:-1", 1), ("a:01", 1)] {
        keep(&l1, bare, SECOND);
        l1.learn(0, number, &l1.place(key(bare).whole()));
    }
    // From the first one: all keys of a function begin alike.
    let found = |number| {
        let known = l1.known(0, number).unwrap();
        l1.look_at_known(&known, &mut Missed::Unasked).is_some()
    };
    assert!(found(7) && found(12) && found(0) && !found(1) && !found(70));
    l1.changed("p:a:12");
    assert!(found(7) && !found(12));
    l1.forget_matching(&|key| key.bare() == "a:0");
    assert!(found(7) && !found(0));
    l1.forget(&[key("a:7")]);
    assert!(!found(7) && is_kept(&l1, "a:-1") && is_kept(&l1, "a:01"));
    // It has as many digits as text may have before more of them are text.
    keep(&l1, "a:18446744073709551615", SECOND);
    assert!(is_kept(&l1, "a:18446744073709551615") && l1.known(0, u64::MAX).is_none());
}

#[test]
fn one_caller_is_to_refresh_early() {
    let (l1, clock) = open();
    let reading = l1.begin(&key("a"), LINE);
    l1.vouch(LINE, reading.begun());
    let keeping = Keeping { reading, noted: None, life: 3 * SECOND, early: SECOND };
    l1.keep(&key("a"), keeping, Room::default(), Arc::new(7_u64));
    assert!(is_kept(&l1, "a"));
    clock.advance(SECOND);
    assert!(matches!(look(&l1, "p:a"), Err(Missed::Early)));
    assert!(matches!(look(&l1, "p:a"), Err(Missed::Absent)));
}

#[test]
fn what_was_heard_of_since_the_read_began_is_not_kept() {
    type Hear = fn(&L1);
    let heard: [(&str, Hear); 5] = [
        ("a push", |l1| l1.changed("p:a")),
        ("a flush", |l1| l1.all_changed(LINE)),
        ("an invalidation", |l1| l1.forget(&[key("a")])),
        ("one of a pattern", |l1| l1.forget_matching(&|key| key.bare() == "a")),
        ("a lost connection", |l1| l1.closed(LINE)),
    ];
    for (what, hear) in heard {
        let (l1, _) = open();
        let reading = l1.begin(&key("a"), LINE);
        l1.vouch(LINE, reading.begun());
        hear(&l1);
        l1.keep(&key("a"), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
        assert!(!is_kept(&l1, "a"), "{what} before");
        if what != "a lost connection" {
            keep(&l1, "a", SECOND);
            assert!(is_kept(&l1, "a"), "{what}");
            hear(&l1);
            assert!(!is_kept(&l1, "a"), "{what} after");
        }
    }
}

#[test]
fn a_read_under_way_answers_who_would_be_served_what_it_brings() {
    type Hear = fn(&L1);
    let heard: [(&str, Hear); 5] = [
        ("a push", |l1| l1.changed("p:a")),
        ("a flush", |l1| l1.all_changed(LINE)),
        ("an invalidation", |l1| l1.forget(&[key("a")])),
        ("a lost connection", |l1| l1.closed(LINE)),
        ("an invalidated tag", |l1| l1.forget(&[key("~tag:t")])),
    ];
    let tags: Tags = vec![key("~tag:t")].into();
    for (what, hear) in heard {
        let (l1, _) = open();
        let (reading, noted) = (l1.begin(&key("a"), LINE), l1.note(&tags));
        let answers = |tags| l1.answers(reading, noted.as_ref(), tags);
        l1.changed("p:b");
        assert!(answers(&tags) && !answers(Tags::NONE), "{what} not yet");
        hear(&l1);
        assert!(!answers(&tags), "{what}");
    }
}

#[test]
fn how_long_a_read_has_been_under_way_is_no_less_than_it_is() {
    let (l1, clock) = open();
    let reading = l1.begin(&key("a"), LINE);
    clock.advance(SECOND);
    assert_eq!(l1.age(reading), SECOND + LATE);
}

#[test]
fn other_keys_stay() {
    let (l1, _) = open();
    for bare in ["a", "b"] {
        keep(&l1, bare, SECOND);
    }
    l1.changed("p:a");
    l1.forget_matching(&|key| key.bare() == "a");
    assert!(!is_kept(&l1, "a") && is_kept(&l1, "b"));
}

#[test]
fn without_anything_that_vouches_nothing_is_served() {
    let (l1, _) = open();
    let reading = l1.begin(&key("a"), LINE);
    l1.keep(&key("a"), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
    assert!(!is_kept(&l1, "a"), "nothing was answered");
    l1.vouch(OTHER, reading.begun());
    assert!(!is_kept(&l1, "a"), "by a connection that is not in use");
    l1.vouch(LINE, reading.begun());
    assert!(is_kept(&l1, "a"));
    let old = Begun { at: coarse::now().saturating_sub(nanos(VOUCHED)) };
    let (l1, _) = open();
    l1.vouch(LINE, old);
    keep_unvouched(&l1);
    assert!(!is_kept(&l1, "a"), "what was sent a second ago vouches for nothing now");
}

fn keep_unvouched(l1: &L1) {
    let reading = l1.begin(&key("a"), LINE);
    l1.keep(&key("a"), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
}

#[test]
fn what_nobody_tracked_is_gone_once_somebody_does() {
    let clock = Clock::manual();
    let l1 = new(&clock);
    let reading = l1.begin_untracked(&key("a"), 0);
    assert!(reading.is_untracked());
    l1.keep(&key("a"), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
    assert!(!is_kept(&l1, "a"));
    l1.untracked(0);
    assert!(is_kept(&l1, "a") && l1.is_untracked(0));
    l1.opened(LINE);
    assert!(!is_kept(&l1, "a") && !l1.is_untracked(0) && l1.is_empty());
}

/// Two servers: what one has said, or that it is lost, is no matter of the other's.
#[test]
fn who_has_read_it_vouches_for_it() {
    type Hear = fn(&L1);
    let heard: [(&str, Hear); 4] = [
        ("it is lost", |l1| l1.closed(LINE)),
        ("it is left", |l1| l1.left(LINE.seat)),
        ("it is flushed", |l1| l1.all_changed(LINE)),
        ("it has lost slots", |l1| l1.drop_of(LINE.seat)),
    ];
    for (what, hear) in heard {
        let (l1, _) = open();
        assert_eq!(l1.seat(), Some(1));
        l1.opened(OTHER);
        for (line, bare) in [(LINE, "a"), (OTHER, "b")] {
            let reading = l1.begin(&key(bare), line);
            l1.keep(&key(bare), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
        }
        l1.vouch(LINE, Begun::now());
        assert!(is_kept(&l1, "a") && !is_kept(&l1, "b"), "of the other nobody has heard");
        l1.vouch(OTHER, Begun::now());
        let under_way = l1.begin(&key("a"), LINE);
        hear(&l1);
        l1.keep(&key("a"), keeping(under_way, SECOND), Room::default(), Arc::new(7_u64));
        assert!(!is_kept(&l1, "a") && is_kept(&l1, "b"), "{what}");
        assert_eq!(l1.figures().entries, 1, "{what}");
    }
}

#[test]
fn what_a_lost_connection_still_reads_is_not_kept() {
    let (l1, _) = open();
    l1.closed(LINE);
    let next = l1.line(0);
    l1.opened(next);
    l1.vouch(next, Begun::now());
    let reading = l1.begin(&key("a"), Line { number: next.number + 1, ..LINE });
    l1.keep(&key("a"), keeping(reading, SECOND), Room::default(), Arc::new(7_u64));
    assert!(!is_kept(&l1, "a"));
}

#[test]
fn a_seat_is_taken_once_and_again_when_it_is_left() {
    let l1 = new(&Clock::manual());
    let all: Vec<_> = std::iter::from_fn(|| l1.seat()).collect();
    assert_eq!(all.len(), 256);
    l1.left(7);
    assert_eq!((l1.seat(), l1.seat()), (Some(7), None));
}

/// Its `drop` looks into the tier again, as a value of a user's may.
struct Nested(Arc<L1>);

impl Drop for Nested {
    fn drop(&mut self) {
        drop(look(&self.0, "p:a"));
        self.0.vouch(LINE, Begun::now());
        self.0.forget(&[key("a")]);
    }
}

#[test]
fn values_are_dropped_while_no_lock_is_held() {
    let (l1, _) = open();
    let put = |bare: &str| {
        let reading = l1.begin(&key(bare), LINE);
        l1.keep(
            &key(bare),
            keeping(reading, SECOND),
            Room::default(),
            Arc::new(Nested(l1.clone())),
        );
    };
    put("a");
    put("a");
    l1.changed("p:a");
    put("a");
    l1.all_changed(LINE);
    for n in 0..20_000 {
        put(&n.to_string());
    }
    assert!(l1.figures().evictions > 0);
    l1.forget_all();
    put("a");
    l1.closed(LINE);
    assert_eq!(l1.figures().entries, 0);
}

/// Whoever keeps and whoever hears meet in every order; in the end nothing that is kept was begun
/// before the last that was heard.
#[test]
fn threads_keep_nothing_that_was_read_before_a_push() {
    let ((l1, _), changes) = (open(), AtomicU64::new(0));
    thread::scope(|scope| {
        let (l1, changes) = (&l1, &changes);
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..20_000 {
                    let reading = l1.begin(&key("a"), LINE);
                    let version = changes.load(Ordering::SeqCst);
                    l1.vouch(LINE, reading.begun());
                    l1.keep(
                        &key("a"),
                        keeping(reading, SECOND),
                        Room::default(),
                        Arc::new(version),
                    );
                }
            });
        }
        scope.spawn(move || {
            for _ in 0..20_000 {
                let version = changes.fetch_add(1, Ordering::SeqCst) + 1;
                l1.changed("p:a");
                if let Ok(value) = look(l1, "p:a") {
                    assert!(*value.downcast_ref::<u64>().unwrap() >= version);
                }
            }
        });
    });
}
