//! Keys that are made of what a writer returns: `result` in the calls and the keys that it names.

use crate::shared::item::{Binding, arguments};
use crate::shared::tokens::{mentions, text_of};
use crate::writers::calls::Call;
use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, LitStr, Signature, parse_quote};

/// What stands for the value that the function returns.
const RESULT: &str = "result";

/// A call of a companion that says `result`. What of it does not is taken before the body, as all
/// arguments are.
#[derive(Debug)]
pub(crate) struct OfResult {
    /// Arguments of the call by a name of ours.
    pub(super) before: Vec<(Ident, Expr)>,
    pub(super) call: Call,
}

/// `result`, where an expression says it.
pub(super) fn result_in(expr: &Expr) -> Option<Ident> {
    struct Found(Option<Ident>);
    impl Visit<'_> for Found {
        fn visit_expr_path(&mut self, path: &syn::ExprPath) {
            if path.path.is_ident(RESULT) {
                self.0 = self.0.take().or_else(|| path.path.get_ident().cloned());
            }
            visit::visit_expr_path(self, path);
        }
        fn visit_macro(&mut self, call: &syn::Macro) {
            if mentions(&call.tokens, &|name| name == RESULT) {
                let ident = Ident::new(RESULT, call.tokens.span());
                self.0.get_or_insert(ident);
            }
        }
    }
    let mut found = Found(None);
    found.visit_expr(expr);
    found.0
}

/// What takes the value out of the `Ok` or `Some` that it is out of already.
pub(super) fn taken_out_twice(expr: &Expr) -> Option<&Expr> {
    let is_result = |expr: &Expr| matches!(expr, Expr::Path(path) if path.path.is_ident(RESULT));
    let takes_out = |expr: &Expr| match expr {
        Expr::Try(question) => is_result(&question.expr),
        Expr::MethodCall(call) => {
            is_result(&call.receiver) && (call.method == "unwrap" || call.method == "expect")
        }
        _ => false,
    };
    struct Looking<'e, F>(Option<&'e Expr>, F);
    impl<'e, F: Fn(&Expr) -> bool> Visit<'e> for Looking<'e, F> {
        fn visit_expr(&mut self, expr: &'e Expr) {
            if (self.1)(expr) {
                self.0.get_or_insert(expr);
            }
            visit::visit_expr(self, expr);
        }
    }
    let mut looking = Looking(None, takes_out);
    looking.visit_expr(expr);
    looking.0
}

/// Whether a template names a field of it, or all of it.
pub(super) fn is_in(key: &LitStr) -> bool {
    mentions(key, &|name| name == RESULT)
}

/// The argument that has its name.
pub(super) fn argument_of_its_name(bindings: &[Binding]) -> Option<&Ident> {
    bindings.iter().map(|binding| &binding.ident).find(|ident| text_of(ident) == RESULT)
}

/// What keys can name: the arguments, and the result.
pub(super) fn arguments_and_result(sig: &Signature) -> crate::shared::item::Arguments {
    let mut found = arguments(sig);
    if argument_of_its_name(&found.bindings).is_some() {
        return found; // that it has this name is an error where a key says it
    }
    let ident = Ident::new(RESULT, Span::call_site());
    let input = sig.inputs.len();
    found.bindings.push(Binding { ident, input, opaque: false, is_mut: false, cfg: None });
    found
}

impl OfResult {
    /// Of the `nth` call that the attribute names.
    pub(super) fn new(nth: usize, mut call: Call) -> Self {
        let mut before = Vec::new();
        for (at, argument) in call.arguments_mut().enumerate() {
            if result_in(argument).is_none() && !matches!(argument, Expr::Lit(_) | Expr::Infer(_)) {
                let span = Span::mixed_site().located_at(argument.span());
                let name = format_ident!("__argument_{nth}_{at}", span = span);
                let written = std::mem::replace(argument, parse_quote!(#name));
                before.push((name, written));
            }
        }
        Self { before, call }
    }

    /// Whether it needs a name once the body has ended that is not an argument of the call.
    pub(super) fn needs(&self, is_name: &impl Fn(&str) -> bool) -> bool {
        mentions(&self.call.expr, is_name)
    }
}
