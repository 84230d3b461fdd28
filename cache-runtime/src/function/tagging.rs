//! The tags that writers name, against those that cached functions have.

use super::Function;
use super::registry::registry;
use crate::key::pattern::Pattern;
use std::sync::OnceLock;

/// What a writer says of the tags that it names, for the list that the linker collects.
#[derive(Debug)]
pub struct NamedTags {
    pub module: &'static str,
    pub ident: &'static str,
    /// Their templates.
    pub tags: &'static [&'static str],
}

inventory::collect!(NamedTags);

/// Which of these tags no entry of these functions can have. None where a function has tags that its
/// values say, and where there are no functions: then the entries are another program's.
fn unread<'w>(
    writers: impl Iterator<Item = &'w NamedTags>,
    readers: &[&'static Function],
) -> Vec<(&'w NamedTags, &'static str)> {
    if readers.is_empty() || readers.iter().any(|reader| reader.has_tags_of_values()) {
        return Vec::new();
    }
    let read = readers.iter().flat_map(|reader| reader.declared.tags);
    let read: Vec<_> = read.map(|tag| Pattern::of_template(tag)).collect();
    let is_read = |tag: &str| {
        let named = Pattern::of_template(tag);
        read.iter().any(|own| own.meets(&named))
    };
    let named = writers.flat_map(|writer| writer.tags.iter().map(move |tag| (writer, *tag)));
    named.filter(|(_, tag)| !is_read(tag)).collect()
}

impl Function {
    fn has_tags_of_values(&self) -> bool {
        self.declared.options.iter().any(|(option, _)| *option == "tags_with")
    }
}

/// Says once per program which tags are invalidated in vain.
pub(crate) fn warn_of_unread_tags() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let writers = inventory::iter::<NamedTags>.into_iter();
        for (NamedTags { module, ident, .. }, tag) in unread(writers, &registry().functions) {
            tracing::warn!(
                target: "cache_runtime",
                writer = format!("{module}::{ident}"),
                tag,
                "a writer invalidates a tag that no cached function of this program has; write it as in \
                 their `tags`, unless it is for those of another program"
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::declared::{Declared, Location, SelfType};
    use super::*;

    fn reader(
        tags: &'static [&'static str],
        options: &'static [(&'static str, &'static str)],
    ) -> &'static Function {
        Box::leak(Box::new(Function::new(Declared {
            location: Location { module: "app", nth: 0, file: "lib.rs", line: 1, column: 1 },
            ident: "find",
            item: || "app::find::__item",
            template: Some("user:{id}"),
            arguments: &[],
            version: None,
            codec: "",
            options,
            tags,
            self_type: SelfType::InKey,
        })))
    }

    fn unread_of(readers: &[&'static Function]) -> Vec<&'static str> {
        let tags = &["org:{user.org}", "orgg:{id}", "all"];
        let writer = NamedTags { module: "app", ident: "save", tags };
        unread(std::iter::once(&writer), readers).into_iter().map(|(_, tag)| tag).collect()
    }

    #[test]
    fn a_tag_that_no_function_has_is_found_by_its_shape() {
        let readers = [reader(&["org:{org_id}"], &[]), reader(&["{kind}"], &[])];
        assert_eq!(unread_of(&readers), ["orgg:{id}"]);
        assert_eq!(unread_of(&readers[..1]), ["orgg:{id}", "all"]);
        assert_eq!(unread_of(&[reader(&[], &[])]).len(), 3);
    }

    #[test]
    fn where_it_cannot_be_known_nothing_is_found() {
        assert!(unread_of(&[]).is_empty());
        let of_values = reader(&[], &[("tags_with", "tags_of")]);
        assert!(unread_of(&[reader(&["org:{id}"], &[]), of_values]).is_empty());
    }
}
