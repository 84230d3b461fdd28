//! Which file of a crate imports which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree};

/// Modules by their paths without `crate`, each with those that it imports. The crate's root is "".
pub(crate) struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    /// Of the crate whose sources are in `root`.
    pub(crate) fn of(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        read(root, "", &mut files);
        let mut parsed = BTreeMap::new();
        let mut of_tests = BTreeSet::new();
        for (module, text) in &files {
            let mut file = File { module, paths: Vec::new(), of_tests: &mut of_tests };
            file.visit_file(&syn::parse_file(text).unwrap());
            parsed.insert(module.clone(), file.paths);
        }
        let is_of_tests = |module: &str| {
            of_tests.iter().any(|test| module == test || module.starts_with(&format!("{test}::")))
        };
        parsed.retain(|module, _| !is_of_tests(module));
        let modules: BTreeSet<_> = parsed.keys().cloned().collect();
        let imports = |(module, paths): (String, Vec<Vec<String>>)| {
            let found = paths.iter().filter_map(|path| resolve(&module, path, &modules));
            let found = found.filter(|other| *other != module).collect();
            (module, found)
        };
        Self(parsed.into_iter().map(imports).collect())
    }

    pub(crate) fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(from, all)| all.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// The files that reach themselves through what they import, those of one circle together.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<_, _> =
            self.0.keys().map(|from| (from.clone(), self.reached(from))).collect();
        let mut circles: Vec<Vec<String>> = Vec::new();
        for (from, all) in &reached {
            if all.contains(from) && !circles.iter().flatten().any(|known| known == from) {
                circles
                    .push(all.iter().filter(|to| reached[*to].contains(from)).cloned().collect());
            }
        }
        circles
    }

    fn reached(&self, from: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<_> = self.0[from].iter().collect();
        while let Some(module) = next.pop() {
            if reached.insert(module.clone()) {
                next.extend(&self.0[module]);
            }
        }
        reached
    }
}

/// The texts of all modules below `folder`.
fn read(folder: &Path, module: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inside = |name: &str| match module {
            "" => name.to_owned(),
            module => format!("{module}::{name}"),
        };
        if path.is_dir() {
            read(&path, &inside(name), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module =
                if matches!(name, "lib" | "mod") { module.to_owned() } else { inside(name) };
            files.insert(module, fs::read_to_string(&path).unwrap());
        }
    }
}

/// What one file says, outside of its tests.
struct File<'f> {
    module: &'f str,
    paths: Vec<Vec<String>>,
    of_tests: &'f mut BTreeSet<String>,
}

impl Visit<'_> for File<'_> {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        if is_for_tests(&item.attrs) {
            let inside = format!("{}::{}", self.module, item.ident);
            self.of_tests.insert(inside.trim_start_matches("::").to_owned());
        } else {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.add(&item.tree, &mut Vec::new());
        }
    }

    // The `crate` of `pub(crate)` is no path.
    fn visit_visibility(&mut self, _: &syn::Visibility) {}

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if matches!(names[0].as_str(), "crate" | "super" | "self") {
            self.paths.push(names);
        }
        visit::visit_path(self, path);
    }
}

impl File<'_> {
    fn add(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add(&path.tree, before);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, before)),
            UseTree::Name(name) => {
                self.paths.push([&before[..], &[name.ident.to_string()]].concat());
            }
            UseTree::Rename(name) => {
                self.paths.push([&before[..], &[name.ident.to_string()]].concat());
            }
            UseTree::Glob(_) => self.paths.push(before.clone()),
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The module that `path`, as `module` says it, leads into; `None` where it is of another crate.
fn resolve(module: &str, path: &[String], modules: &BTreeSet<String>) -> Option<String> {
    let mut from: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut rest = path;
    match path[0].as_str() {
        "crate" => {
            from.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                from.pop();
                rest = &rest[1..];
            }
        }
        first => {
            from.push(first);
            let is_child = modules.contains(&from.join("::"));
            from.pop();
            if !is_child {
                return None;
            }
        }
    }
    let whole: Vec<_> = from.into_iter().chain(rest.iter().map(String::as_str)).collect();
    (0..=whole.len()).rev().map(|parts| whole[..parts].join("::")).find(|m| modules.contains(m))
}
