//! What the library promises where the kernel refuses membarrier(2), from the start or later.
//!
//! A filter on system calls is installed for good, so each scenario is a process of its own: this
//! program, started again.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
fn main() {}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod process;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod scenarios;
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
#[path = "../support/mod.rs"]
mod support;

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn main() {
    macro_rules! scenarios {
        ($($name:ident),+ $(,)?) => { [$((stringify!($name), scenarios::$name as fn())),+] };
    }
    process::run(&scenarios![
        refused_at_start_everything_is_freed,
        refused_later_nothing_is_freed_beside_a_thread,
        refused_later_nothing_is_freed_beside_a_handle,
        refused_later_nothing_is_freed_beside_one_that_caches,
        refused_later_who_asks_is_told,
        refused_later_who_sleeps_is_told,
        refused_later_who_lets_go_is_heard,
        refused_later_who_lets_go_of_older_values_is_heard,
        refused_later_reads_and_stores_go_on,
        refused_at_start_cells_lose_no_wake,
        refused_later_cells_lose_no_wake,
        refused_later_a_sleeping_writer_wakes,
        refused_at_start_rings_lose_no_wake,
        refused_later_rings_lose_no_wake,
    ]);
}
