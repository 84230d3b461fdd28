//! What is rendered of a call, whether it is made or named: its key and its tags.

use crate::cache::Cache;
use crate::function::Function;
use crate::key::tagging::TagWriter;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::key::{KeyWriter, Renders};

/// Writes the tags of a call.
pub(super) type WriteTags<'r> = &'r dyn Fn(&mut TagWriter<'_>);

/// Writes a key's arguments.
pub(super) type Render<'r> = &'r dyn Renders;

/// What is rendered for calls that are not made but named, which others may cache where this function's
/// are refused.
#[inline]
pub(super) fn rendered<'c>(
    function: &'c Function,
    cache: &'c Cache,
    render: Render<'_>,
) -> Result<KeyWriter<'c>, &'static str> {
    let mut key = cache.settings().key(function.path());
    write(function, &mut key, render)?;
    Ok(key)
}

/// The key of a call that is not made but named, as above.
#[inline(always)] // as `key_of`, which is made of it
pub(super) fn named_key(
    function: &Function,
    cache: &Cache,
    render: Render<'_>,
) -> Result<Key, &'static str> {
    let mut key = cache.settings().key(function.path());
    write_key(function, &mut key, render)?;
    Ok(key.completed())
}

/// The text of a call's key, complete.
#[inline]
pub(super) fn render_key<'c>(
    function: &'static Function,
    cache: &'c Cache,
    render: Render<'_>,
) -> Result<KeyWriter<'c>, &'static str> {
    if let Some(why) = function.refused() {
        return Err(why);
    }
    let mut key = cache.settings().key(function.path());
    write_key(function, &mut key, render)?;
    Ok(key)
}

/// The key of a call, where its text is not looked at before.
#[inline(always)] // else the compiler leaves it out of line, and a hit pays for handing the key on
pub(super) fn key_of(
    function: &'static Function,
    cache: &Cache,
    render: Render<'_>,
) -> Result<Key, &'static str> {
    match function.refused() {
        Some(why) => Err(why),
        None => named_key(function, cache, render),
    }
}

// Into a writer that stays where it is: a short key is rendered in less than handing it on takes.

fn write(
    function: &Function,
    key: &mut KeyWriter<'_>,
    render: Render<'_>,
) -> Result<(), &'static str> {
    key.leave_type_open(function.is_open());
    render.render(key);
    key.refused().map_or(Ok(()), Err)
}

fn write_key(
    function: &Function,
    key: &mut KeyWriter<'_>,
    render: Render<'_>,
) -> Result<(), &'static str> {
    write(function, key, render)?;
    key.complete(function.mark());
    if function.is_forged(key) {
        return Err(
            "an argument at the beginning of its key reads like the path of another cached \
                    function: begin the key with text",
        );
    }
    Ok(())
}

/// The tags of a call.
pub(super) fn render_tags(cache: &Cache, write: WriteTags<'_>) -> Result<Tags, &'static str> {
    let mut tags = cache.settings().tags();
    write(&mut tags);
    tags.finish()
}
