//! One line per row: what was measured, how it spread, what was wanted.

use crate::measure::Median;

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Anything: there is nothing to compare it with.
    Any,
}

/// Prints rows, and remembers whether a target was missed.
#[derive(Debug)]
pub(crate) struct Report {
    filter: String,
    missed: bool,
}

impl Report {
    /// For the rows whose names contain `filter`; `title` says what their ratios are to.
    pub(crate) fn new(title: &str, filter: String) -> Self {
        println!("{title:<52} {:>9}  {:^17}  {:>8}", "median", "quartiles", "target");
        Self { filter, missed: false }
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }

    pub(crate) fn row(
        &mut self,
        name: &str,
        unit: &str,
        figure: Median,
        target: Target,
        note: &str,
    ) {
        let digits = if figure.value.abs() < 100.0 { 2 } else { 0 };
        let (wanted, holds) = match target {
            Target::AtLeast(least) => (format!("≥ {least}"), figure.value >= least),
            Target::AtMost(most) => (format!("≤ {most}"), figure.value <= most),
            Target::Any => (String::new(), true),
        };
        self.missed |= !holds;
        let spread = format!("{:.digits$} – {:.digits$}", figure.from, figure.to);
        println!(
            "{:<52} {:>9.digits$}  {spread:^17}  {wanted:>8} {:<6} {note}",
            if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") },
            figure.value,
            match target {
                Target::Any => "",
                _ if holds => "OK",
                _ => "MISSED",
            },
        );
    }

    /// A figure that is counted and not measured.
    pub(crate) fn count(&mut self, name: &str, unit: &str, value: f64, target: Target, note: &str) {
        self.row(name, unit, Median { value, from: value, to: value }, target, note);
    }

    pub(crate) fn missed(&self) -> bool {
        self.missed
    }
}
