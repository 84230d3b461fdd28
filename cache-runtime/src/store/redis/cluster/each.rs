//! Many commands, each about the keys of one slot: to each node its own, in as few messages as there
//! are nodes, all at once.

use super::nodes::Cluster;
use crate::error::Error;
use crate::store::redis::hashed::Hashed;
use crate::store::redis::link::node::Node;
use crate::store::redis::refusal::Asked;
use crate::together::all;
use redis::{Cmd, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Commands of one message, so that none keeps a node from others for long.
const MOST_COMMANDS: usize = 512;
/// How often what was not done since it is another node's, or a script that is not known, is asked
/// again together. What is left is asked alone.
const MOST_ROUNDS: usize = 3;

/// A command about keys of one slot.
pub(super) struct Part {
    slot: u16,
    command: Cmd,
    /// What a node needs that has never seen the script.
    in_full: Option<Cmd>,
}

impl Part {
    pub(super) fn command(slot: u16, command: Cmd) -> Self {
        Self { slot, command, in_full: None }
    }

    pub(super) fn script(slot: u16, script: &Hashed, key: &str, arguments: &[&[u8]]) -> Self {
        let (command, in_full) =
            (script.by_hash(&[key], arguments), script.in_full(&[key], arguments));
        Self { slot, command, in_full: Some(in_full) }
    }
}

/// A node, and the places of its parts.
type Own = (Arc<Node>, Vec<usize>);

/// An answer, or why there is none.
type Answer<T> = Result<T, Error>;

impl Cluster {
    /// Asks all `parts`. One answer for each; what becomes of those of one node says nothing of
    /// those of others.
    pub(super) async fn each<T: Send>(
        &self,
        mut parts: Vec<Part>,
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send + Sync,
    ) -> Vec<Answer<T>> {
        let begun = Instant::now();
        let left = || within.saturating_sub(begun.elapsed());
        let mut answers: Vec<_> = parts.iter().map(|_| None).collect();
        for _ in 0..MOST_ROUNDS {
            let open: Vec<_> = places(&answers, |answer| answer.as_ref().is_none_or(is_undone));
            if open.is_empty() {
                break;
            }
            for &place in &open {
                let unknown = answers.get(place).and_then(Option::as_ref).is_some_and(is_unknown);
                if let Some(part) = parts.get_mut(place).filter(|_| unknown)
                    && let Some(in_full) = part.in_full.take()
                {
                    part.command = in_full;
                }
            }
            for (place, answer) in self.once(&parts, &open, asked, left(), read).await {
                if let Some(own) = answers.get_mut(place) {
                    *own = Some(answer);
                }
            }
        }
        for place in places(&answers, |answer| answer.as_ref().is_none_or(is_to_go_alone)) {
            let (Some(part), Some(answer)) = (parts.get(place), answers.get_mut(place)) else {
                continue;
            };
            let node = match self.node(part.slot, left()).await {
                Ok(node) => node,
                Err(error) => {
                    *answer = Some(Err(error));
                    continue;
                }
            };
            let mut alone = node.ask(part.command.clone(), asked, left(), read).await;
            if is_unknown(&alone)
                && let Some(in_full) = &part.in_full
            {
                alone = node.ask(in_full.clone(), asked, left(), read).await;
            }
            *answer = Some(alone);
        }
        answers.into_iter().map(|answer| answer.unwrap_or(Err(Error::Unavailable))).collect()
    }

    /// Asks those of `parts` that stand at `places`, each once, and answers by these.
    pub(super) async fn once<T: Send>(
        &self,
        parts: &[Part],
        places: &[usize],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send + Sync,
    ) -> Vec<(usize, Answer<T>)> {
        let begun = Instant::now();
        let failed = |places: &[usize], error: &Error| -> Vec<_> {
            places.iter().map(|place| (*place, Err(error.clone()))).collect()
        };
        if let Err(error) = self.settled(within).await {
            return failed(places, &error);
        }
        let (nodes, without) = self.by_node(parts, places);
        let messages = nodes.into_iter().map(|(node, own)| async move {
            let mut answers = Vec::with_capacity(own.len());
            for own in own.chunks(MOST_COMMANDS) {
                let commands = own.iter().filter_map(|place| parts.get(*place));
                let commands: Vec<_> = commands.map(|part| &part.command).collect();
                let left = within.saturating_sub(begun.elapsed());
                let replies = node.ask_all(&commands, asked, left, read).await;
                answers.extend(own.iter().copied().zip(replies));
            }
            answers
        });
        let mut answers: Vec<_> = all(messages).await.into_iter().flatten().collect();
        if !without.is_empty() {
            answers.extend(failed(&without, &self.nobody_has_it()));
        }
        answers
    }

    /// Which nodes have the slots of these parts, and which parts belong to none.
    fn by_node(&self, parts: &[Part], places: &[usize]) -> (Vec<Own>, Vec<usize>) {
        let (mut nodes, mut without) = (Vec::<Own>::new(), Vec::new());
        for &place in places {
            let Some(node) = parts.get(place).and_then(|part| self.owner(part.slot)) else {
                without.push(place);
                continue;
            };
            match nodes.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &node)) {
                Some((_, places)) => places.push(place),
                None => nodes.push((node, vec![place])),
            }
        }
        (nodes, without)
    }
}

/// Where those stand that are so.
fn places<T>(all: &[T], is: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, one)| is(one)).map(|(place, _)| place).collect()
}

fn is_refused<T>(answer: &Answer<T>, with: &str) -> bool {
    matches!(answer, Err(Error::Refused(code)) if code == with)
}

/// Whether the node has never seen the script.
fn is_unknown<T>(answer: &Answer<T>) -> bool {
    is_refused(answer, "NOSCRIPT")
}

/// Whether it was not done for a reason that is known by now.
fn is_undone<T>(answer: &Answer<T>) -> bool {
    is_unknown(answer) || is_refused(answer, "MOVED")
}

/// Whether it was not done, and another node may have to be asked in its own way.
pub(super) fn is_to_go_alone<T>(answer: &Answer<T>) -> bool {
    is_undone(answer) || is_refused(answer, "ASK")
}
