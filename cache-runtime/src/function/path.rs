//! What a function is called in keys, made of the `type_name` of an item inside of it.

/// `<app::Repo<_> as app::Find>::find::{{closure}}::__item` → `(app.Repo(_)@app.Find).find`.
pub(super) fn path_of(item: &str, ident: &str) -> String {
    let mut inside = item.rsplit_once("::").map_or(item, |(path, _item)| path);
    while let Some(outer) = inside.strip_suffix("::{{closure}}") {
        inside = outer;
    }
    let mut text = inside.replace("::{{closure}}", "");
    // A lifetime makes no other type, and its `_` leaves none open.
    for lifetime in ["<'_>", "'_, ", ", '_", "'_ "] {
        text = text.replace(lifetime, "");
    }
    let text = text.replace("::", ".").replace(" as ", "@");
    let mut path = String::with_capacity(text.len());
    for c in text.replace(", ", ",").chars() {
        path.push(match c {
            '<' => '(',
            '>' => ')',
            c if c.is_alphanumeric() || "._@,()".contains(c) => c,
            _ => '-',
        });
    }
    if path.is_empty() {
        path.push_str(ident);
    }
    path
}

/// Whether the `type_name` of an item names the type `of` whose `impl` it is in:
/// `app::Repo::find::__item`, `<app::Repo as app::Find>::…`, `app::db::<impl app::Repo>::…`.
pub(super) fn names(item: &str, of: &str) -> bool {
    let part_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    item.match_indices(of).any(|(at, _)| {
        let before = item.get(..at).and_then(|head| head.chars().next_back());
        let after = item.get(at + of.len()..).unwrap_or_default();
        !before.is_some_and(part_of_a_path)
            && (after.starts_with("::") || after.starts_with(" as ") || after.starts_with('>'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_readable_and_keep_what_tells_them_apart() {
        let path = |item| path_of(item, "find");
        assert_eq!(path("app::users::find::__item"), "app.users.find");
        assert_eq!(path("app::find::{{closure}}::__item"), "app.find");
        assert_eq!(path("app::outer::{{closure}}::find::{{closure}}::__item"), "app.outer.find");
        assert_eq!(
            path("<app::Repo<_> as app::Find>::find::__item"),
            "(app.Repo(_)@app.Find).find"
        );
        assert_eq!(path("app::Repo<'_>::find::__item"), "app.Repo.find");
        assert_eq!(path("app::Map<'_, app::K>::find::__item"), "app.Map(app.K).find");
        assert_eq!(path("app::Map<app::K, &str>::find::__item"), "app.Map(app.K,-str).find");
    }

    #[test]
    fn a_path_names_the_type_that_its_method_is_of() {
        for (item, of) in [
            ("app::Repo::find::__item", "app::Repo"),
            ("app::Repo<'_>::find::{{closure}}::__item", "app::Repo<'_>"),
            ("<app::Repo as app::Find>::find::__item", "app::Repo"),
            ("<&app::Repo as app::Find>::find::__item", "&app::Repo"),
            ("app::db::<impl app::Repo>::find::__item", "app::Repo"),
            ("app::main::<impl app::Find for app::Repo>::find::__item", "app::Repo"),
            ("<app::Map<[u8; 3]> as app::Find>::find::__item", "app::Map<[u8; 3]>"),
        ] {
            assert!(names(item, of), "{item} {of}");
        }
        for (item, of) in [
            ("app::Find::find::__item", "app::Repo"),
            ("app::Repository::find::__item", "app::Repo"),
            ("app::Repo<_>::find::__item", "app::Repo<u8>"),
            ("<_ as app::Find>::find::__item", "app::Repo"),
            ("myapp::Repo::find::__item", "app::Repo"),
        ] {
            assert!(!names(item, of), "{item} {of}");
        }
    }
}
