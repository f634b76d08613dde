//! Progress against its sequential model, on random scripts of calls.

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::Progress;
use untorn::progress::{AddError, Tally, Ticket};

#[derive(Clone, Debug)]
enum Call {
    Add(u32),
    Seal,
    Complete(u32),
    Fail(u32),
    Take,
    CompleteTicket,
    FailTicket,
    DropTicket,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let few = || prop_oneof![8 => 0..4_u32, 1 => any::<u32>()];
    let call = prop_oneof![
        4 => few().prop_map(Call::Add),
        1 => Just(Call::Seal),
        3 => few().prop_map(Call::Complete),
        3 => few().prop_map(Call::Fail),
        4 => Just(Call::Take),
        2 => Just(Call::CompleteTicket),
        1 => Just(Call::FailTicket),
        1 => Just(Call::DropTicket),
    ];
    vec(call, 0..80)
}

#[derive(Default)]
struct Model {
    tally: Tally,
    in_hand: u32,
    sealed: bool,
    told: bool,
}

impl Model {
    fn left(&self) -> u32 {
        self.tally.left() - self.in_hand
    }

    /// Whether the call that has just been made is told of the finish.
    fn finishes(&mut self) -> bool {
        let now = self.sealed && self.tally.left() == 0 && !self.told;
        self.told |= now;
        now
    }

    fn done(&mut self, completed: u32, failed: u32) -> bool {
        self.tally.completed += completed;
        self.tally.failed += failed;
        self.finishes()
    }
}

/// Makes one call on both.
fn step<'a>(
    call: &Call,
    progress: &'a Progress,
    tickets: &mut Vec<Ticket<&'a Progress>>,
    model: &mut Model,
) -> Result<(), TestCaseError> {
    let total = model.tally.total;
    match *call {
        Call::Add(added) => {
            let expected = match total.checked_add(added) {
                _ if model.sealed => Err(AddError::Sealed { added, total }),
                None => Err(AddError::Overflow { added, total }),
                Some(sum) => {
                    model.tally.total = sum;
                    Ok(())
                }
            };
            prop_assert_eq!(progress.add(added), expected);
        }
        Call::Seal => {
            model.sealed = true;
            prop_assert_eq!(progress.seal(), model.finishes());
        }
        Call::Complete(n) | Call::Fail(n) => {
            let completes = matches!(call, Call::Complete(_));
            let answer = if completes { progress.complete(n) } else { progress.fail(n) };
            if n <= model.left() {
                let told = if completes { model.done(n, 0) } else { model.done(0, n) };
                prop_assert_eq!(answer, Ok(told));
            } else {
                let error = answer.expect_err("there are not so many");
                prop_assert_eq!((error.asked, error.left, error.total), (n, model.left(), total));
            }
        }
        Call::Take => match progress.ticket() {
            Ok(ticket) => {
                prop_assert!(model.left() > 0);
                model.in_hand += 1;
                tickets.push(ticket);
            }
            Err(_) => prop_assert_eq!(model.left(), 0),
        },
        Call::CompleteTicket | Call::FailTicket | Call::DropTicket => {
            let Some(ticket) = tickets.pop() else { return Ok(()) };
            model.in_hand -= 1;
            let (told, expected) = match call {
                Call::CompleteTicket => (ticket.complete(), model.done(1, 0)),
                Call::FailTicket => (ticket.fail(), model.done(0, 1)),
                _ => {
                    drop(ticket);
                    let finishes = model.done(0, 1);
                    (finishes, finishes)
                }
            };
            prop_assert_eq!(told, expected);
        }
    }
    prop_assert_eq!(progress.snapshot(), model.tally);
    prop_assert_eq!(progress.is_finished(), model.sealed && model.tally.left() == 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn progress_is_its_numbers(total in proptest::option::of(0..20_u32), calls in calls()) {
        let (progress, mut model) = match total {
            None => (Progress::open(), Model::default()),
            Some(total) => {
                let tally = Tally { total, ..Tally::default() };
                (Progress::new(total), Model { tally, in_hand: 0, sealed: true, told: total == 0 })
            }
        };
        let mut tickets = Vec::new();
        for call in &calls {
            step(call, &progress, &mut tickets, &mut model)?;
        }
    }
}
