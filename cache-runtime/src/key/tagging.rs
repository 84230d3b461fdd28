//! Where the tags of a call are rendered.

use super::tags::Tags;
use super::whole::{Key, TAG};
use super::writer::{KeyWriter, Renders};
use std::fmt;

/// Where the tags of a call are rendered, one after the other.
pub struct TagWriter<'s> {
    prefix: &'s str,
    secret: Option<&'s [u8; 32]>,
    tags: Vec<Key>,
    /// What is computed has further ones.
    has_own: bool,
    /// One of them may stand for more than it says.
    refused: Option<&'static str>,
}

impl<'s> TagWriter<'s> {
    pub(crate) fn new(prefix: &'s str, secret: Option<&'s [u8; 32]>) -> Self {
        Self { prefix, secret, tags: Vec::new(), has_own: false, refused: None }
    }

    /// A tag, as its template writes it.
    pub fn tag(&mut self, render: impl Fn(&mut KeyWriter<'_>)) {
        self.add(&render);
    }

    /// What is computed has further tags, which are known only then.
    pub fn and_own(&mut self) {
        self.has_own = true;
    }

    #[inline(never)]
    fn add(&mut self, render: &dyn Renders) {
        let mut key = KeyWriter::new(self.prefix, "", self.secret);
        key.text(TAG);
        render.render(&mut key);
        let is_empty = key.rendering() == TAG;
        let empty = is_empty.then_some("one of its tags is empty, which names nothing");
        self.refused = self.refused.or(key.refused()).or(empty);
        let tag = key.finish("");
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// The tags, or why they are not those of one call.
    pub(crate) fn finish(self) -> Result<Tags, &'static str> {
        match self.refused {
            Some(why) => Err(why),
            None if self.has_own => Ok(Tags::from(self.tags).and_own()),
            None => Ok(self.tags.into()),
        }
    }
}

impl fmt::Debug for TagWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagWriter").field("tags", &self.tags).finish_non_exhaustive()
    }
}
