//! What a cached function costs those who build the program: CPU time of the compiler, and code.
//!
//! All figures are of a library and of the program that calls each of its functions, together and
//! without their dependencies. A function's figure is the difference between a crate of [`MANY`]
//! functions and a crate of one, divided by the number of functions between them.

mod crates;

use crate::generated::{Generated, Profile, run};
use crate::measure::median;
use crate::report::{Report, Target};
use crates::{By, Crate, Types};
use std::path::Path;
use std::process::Command;

const MANY: u32 = 200;

/// No function, but the dependencies.
const EMPTY: Crate = Crate { by: By::Attribute, types: Types::One, functions: 0 };

/// Measures what the report wants.
pub(crate) fn rows(builds: Builds<'_>, report: &mut Report) {
    function(builds, Types::One, 1.25, 3_500.0, report);
    function(builds, Types::Distinct, 1.3, 7_500.0, report);
    fixed(builds, report);
    debug(builds, report);
}

/// How each crate is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builds<'a> {
    /// So often.
    pub(crate) rounds: usize,
    /// With the runtime of this checkout.
    pub(crate) checkout: &'a Path,
}

/// A function against the same by hand: at most so many times its CPU time, and so many bytes.
fn function(builds: Builds<'_>, types: Types, times: f64, bytes: f64, report: &mut Report) {
    let name = types.name();
    if !report.wants(name) {
        return;
    }
    let of = |by, functions| Crate { by, types, functions };
    let [ours_1, ours, hand_1, hand, bare_1, bare] = builds.in_turn(
        [
            of(By::Attribute, 1),
            of(By::Attribute, MANY),
            of(By::Hand, 1),
            of(By::Hand, MANY),
            of(By::Nothing, 1),
            of(By::Nothing, MANY),
        ],
        Profile::Release,
    );
    let [ours, hand, bare] =
        [(ours, ours_1), (hand, hand_1), (bare, bare_1)].map(|(many, one)| many.per_function(&one));

    let note = format!(
        "{:.1} against {:.1} ms a function, {:.1} not cached",
        ours.cpu() * 1e3,
        hand.cpu() * 1e3,
        bare.cpu() * 1e3
    );
    let ratio = median(each(&ours, &hand, |ours, hand| ours / hand));
    report.row(&format!("{name}, CPU of a function"), "", ratio, Target::AtMost(times), &note);
    let note = format!("by hand {:.0}, not cached {:.0}", hand.code, bare.code);
    let name = format!("{name}, code of a function");
    report.count(&name, "bytes", ours.code, Target::AtMost(bytes), &note);
}

/// What the first cached function of a crate costs, next to a crate that has none.
fn fixed(builds: Builds<'_>, report: &mut Report) {
    let name = "fixed cost of a crate, CPU";
    if !report.wants(name) {
        return;
    }
    let one = Crate { functions: 1, ..EMPTY };
    let by_hand = Crate { by: By::Hand, ..one };
    let [none, one, by_hand] = builds.in_turn([EMPTY, one, by_hand], Profile::Release);
    let more = |side: &Built| median(each(side, &none, |one, none| one - none));
    let note = format!("by hand {:.2}; none at all {:.2}", more(&by_hand).value, none.cpu());
    report.row(name, "s", more(&one), Target::AtMost(1.8), &note);
}

/// A clean debug build of many functions, against those with another attribute.
fn debug(builds: Builds<'_>, report: &mut Report) {
    let name = format!("debug build of {MANY} functions, CPU");
    if !report.wants(&name) {
        return;
    }
    let of = |by| Crate { by, types: Types::One, functions: MANY };
    let [ours, other] = builds.in_turn([By::Attribute, By::Instrument].map(of), Profile::Debug);
    let note = format!("{:.2} against {:.2} s of tracing::instrument", ours.cpu(), other.cpu());
    let ratio = median(each(&ours, &other, |ours, other| ours / other));
    report.row(&name, "", ratio, Target::AtMost(1.5), &note);
}

/// What the builds of one crate took and made, or of one of its functions.
#[derive(Debug, Default)]
struct Built {
    /// Seconds of CPU time, round by round.
    seconds: Vec<f64>,
    /// Bytes of machine code in the program.
    code: f64,
}

impl Built {
    fn cpu(&self) -> f64 {
        median(self.seconds.clone()).value
    }

    /// Of this crate of many functions, with the crate of one.
    fn per_function(&self, one: &Self) -> Self {
        let functions = f64::from(MANY - 1);
        let seconds = each(self, one, |many, one| (many - one) / functions);
        Self { seconds, code: (self.code - one.code) / functions }
    }
}

/// Both sides' seconds of each round.
fn each(ours: &Built, theirs: &Built, of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    ours.seconds.iter().zip(&theirs.seconds).map(|(ours, theirs)| of(*ours, *theirs)).collect()
}

impl Builds<'_> {
    /// Builds the crates one after the other, as often as there are rounds, so that what else the
    /// machine does hits all of them.
    fn in_turn<const N: usize>(self, crates: [Crate; N], profile: Profile) -> [Built; N] {
        let mut sources = vec![EMPTY.sources()];
        sources.extend(crates.iter().filter(|one| **one != EMPTY).map(|one| one.sources()));
        let generated = Generated::write("compile", self.checkout, &sources);
        generated.build(&EMPTY.name(), profile); // and, before it, what all depend on
        let mut built = crates.map(|_| Built::default());
        for round in 1..=self.rounds {
            for (one, built) in crates.iter().zip(&mut built) {
                let seconds = generated.build(&one.name(), profile);
                eprintln!("round {round}: {} {seconds:.2} s", one.name());
                built.seconds.push(seconds);
                built.code = code(&generated, *one, profile);
            }
        }
        built
    }
}

/// The size of the program's section `.text`.
fn code(generated: &Generated, of: Crate, profile: Profile) -> f64 {
    let program = generated.program(&of.name(), profile);
    let output = run(Command::new("size").arg("-A").arg(program));
    let sections = String::from_utf8(output.stdout).unwrap();
    let text = sections.lines().find_map(|line| line.strip_prefix(".text "));
    let size = text.and_then(|columns| columns.split_whitespace().next()?.parse().ok());
    size.expect("a section .text in what `size -A` prints")
}
