//! How much of the machine others used during a run.
//!
//! The A/A floor sees noise that hits the baseline. What hits one contender for a few rounds can
//! slip past it, so a report also says whether the machine was ours.

use std::fs;

/// Processor time at the start of a run.
#[derive(Debug)]
pub struct Neighbours {
    start: Option<Ticks>,
}

/// Clock ticks since boot, over all cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    /// Busy or not.
    all: u64,
    /// Busy with whatever, or taken away by the hypervisor.
    busy: u64,
    /// Busy with this process and the children that it waited for.
    own: u64,
}

impl Neighbours {
    /// Begins to watch.
    #[must_use]
    pub fn watch() -> Self {
        Self { start: Ticks::now() }
    }

    /// The share of all cores' time that others used since; `None` where the system does not say.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        share(self.start?, Ticks::now()?)
    }
}

fn share(start: Ticks, end: Ticks) -> Option<f64> {
    let all = end.all.checked_sub(start.all).filter(|all| *all > 0)?;
    let busy = end.busy.checked_sub(start.busy)?;
    let own = end.own.checked_sub(start.own)?;
    // The two are counted at different moments, so ours may come out larger by a tick.
    Some(busy.saturating_sub(own) as f64 / all as f64)
}

impl Ticks {
    fn now() -> Option<Self> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        let process = fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(&machine, &process)
    }

    /// Reads `/proc/stat` and `/proc/self/stat`; see proc_stat(5) and proc_pid_stat(5).
    fn parse(machine: &str, process: &str) -> Option<Self> {
        let line = machine.lines().next()?.strip_prefix("cpu ")?;
        let fields = line.split_whitespace().map(|field| field.parse::<u64>().ok());
        // User, nice, system, idle, I/O wait, two interrupts, stolen; guests are part of user.
        let fields: Vec<u64> = fields.take(8).collect::<Option<_>>()?;
        let all = fields.iter().sum();
        let idle = fields.get(3)? + fields.get(4)?;
        // The program's name stands in brackets and may hold anything, spaces and brackets too.
        let after_name = process.rsplit_once(')')?.1;
        // User and system time, ours and that of our children.
        let own = after_name.split_whitespace().skip(11).take(4);
        let own: Vec<u64> = own.map(|field| field.parse().ok()).collect::<Option<_>>()?;
        Some(Self { all, busy: all - idle, own: own.iter().sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_by_position() {
        let machine = "cpu  100 1 20 500 30 2 3 4 99 0\ncpu0 1 1 1 1\n";
        let process = "7 (a ) b) R 1 2 3 4 5 6 7 8 9 10 40 5 6 7 20 0\n";
        let ticks = Ticks::parse(machine, process);
        assert_eq!(ticks, Some(Ticks { all: 660, busy: 130, own: 58 }));
        assert_eq!(Ticks::parse("", process), None);
        assert_eq!(Ticks::parse(machine, "7 (short"), None);
    }

    #[test]
    fn only_what_others_used_is_counted() {
        let start = Ticks { all: 1000, busy: 500, own: 100 };
        let end = Ticks { all: 1200, busy: 650, own: 200 };
        assert_eq!(share(start, end), Some(0.25));
        assert_eq!(share(start, Ticks { own: 900, ..end }), Some(0.0));
        assert_eq!(share(start, start), None);
    }
}
