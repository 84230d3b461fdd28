//! What is known of a cached function once its options and its signature have been looked at
//! together.

use crate::cached::batch::Batch;
use crate::cached::options::Options;
use crate::cached::options::table::TABLE;
use crate::cached::own::{Copied, Owned, Receiver, owned};
use crate::key::model::Key;
use crate::shared::cfg::{Cfg, cfg_of};
use crate::shared::form::Form;
use crate::shared::item::{Binding, Item};
use crate::shared::paths::private_of;
use proc_macro2::{Ident, Span, TokenStream};
use std::sync::atomic::{AtomicU64, Ordering};
use syn::{Path, Type};

#[derive(Debug)]
pub(crate) struct Model {
    /// Which attribute of this run of the compiler it is.
    pub(crate) nth: u64,
    /// The path of the runtime.
    pub(crate) krate: Path,
    pub(crate) form: Form,
    /// The type that is awaited, as written.
    pub(crate) output: Type,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) key: Key,
    pub(crate) tags: Vec<Key>,
    /// Where one argument is a list of what the key names.
    pub(crate) batch: Option<Batch>,
    /// What the body owns, where an option makes it outlive its caller.
    pub(crate) background: Option<Background>,
    /// Whether the companion is made.
    pub(crate) companion: bool,
    /// Whether the function is known to stand in an `impl` or a trait, so that it can say `Self`.
    pub(crate) has_self: bool,
    pub(crate) options: Options,
}

/// A body that may outlive its caller, and so works on copies of its own.
#[derive(Debug)]
pub(crate) struct Background {
    /// The option that asks for it.
    pub(crate) option: Ident,
    /// The arguments that are references; the others are moved.
    pub(crate) copied: Vec<Copied>,
    /// `self`, with the place that lets it be written, and where it is there.
    pub(crate) receiver: Option<(Receiver, syn::Token![self], Cfg)>,
}

impl Background {
    /// What an option asks for. Arguments that cannot be copied are left out, and are errors.
    pub(super) fn new(options: &Options, item: &Item) -> Option<Self> {
        let mut asking = TABLE.iter().filter(|row| row.in_background);
        let option = asking.find_map(|row| options.given.get(row.name))?.name.clone();
        let mut background = Self { option, copied: Vec::new(), receiver: None };
        for input in &item.sig.inputs {
            match owned(input) {
                Ok(Owned::Copied(copied)) => background.copied.push(copied),
                Ok(Owned::Receiver(receiver, token)) => {
                    let cfg = item.sig.receiver().and_then(|own| cfg_of(&own.attrs));
                    background.receiver = Some((receiver, token, cfg));
                }
                Ok(Owned::Moved) | Err(_) => {}
            }
        }
        Some(background)
    }
}

impl Model {
    /// Whether what a list's element has no value of is stored as `None`, beside its values.
    pub(crate) fn stores_absence(&self) -> bool {
        let values_are_bare = |batch: &Batch| !batch.values_say_none;
        self.options.none_ttl.is_some() && self.batch.as_ref().is_some_and(values_are_bare)
    }
}

/// The number of the next attribute.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The private module of the runtime, placed at `span`.
pub(crate) fn private(model: &Model, span: Span) -> TokenStream {
    private_of(&model.krate, span)
}
