//! What a writer names: calls of cached functions.

use crate::cached::expand::signature::companion_name;
use crate::shared::tokens::{text_of, tidy};
use crate::shared::values::bare;
use crate::writers::kind::Kind;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::visit::Visit;
use syn::{Expr, ExprArray, ExprLit, ExprMethodCall, ExprTuple, Lit, Token};

/// A call of a companion.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The function, as the writer names it.
    pub(super) function: String,
    pub(super) expr: Expr,
    /// Whether some of its arguments are `_`.
    pub(super) is_open: bool,
}

impl Call {
    pub(super) fn arguments(&self) -> impl Iterator<Item = &Expr> {
        let arguments = match &self.expr {
            Expr::Call(call) => Some(&call.args),
            Expr::MethodCall(call) => Some(&call.args),
            _ => None,
        };
        arguments.into_iter().flatten()
    }

    pub(super) fn arguments_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let arguments = match &mut self.expr {
            Expr::Call(call) => Some(&mut call.args),
            Expr::MethodCall(call) => Some(&mut call.args),
            _ => None,
        };
        arguments.into_iter().flatten()
    }
}

/// `users::get_user_entry(id)` of `users::get_user(id)`, and the same of a method. With a `_` among the
/// arguments it is the companion that takes them as `Option`s.
pub(super) fn companion(kind: Kind, call: Expr) -> syn::Result<Call> {
    let mut call = Call { function: String::new(), expr: bare(&call).clone(), is_open: false };
    if let Some(rest) = call.arguments().find(|argument| is_rest(argument)) {
        let written = tidy(&call.expr.to_token_stream().to_string());
        let message = format!(
            "`..` does not say how many arguments are left open: write `_` for each of them, such as `{}`",
            written.replace("..", "_")
        );
        return Err(syn::Error::new_spanned(rest, message));
    }
    let is_open = call.arguments().any(is_hole);
    call.is_open = is_open;
    (call.function, call.expr) = of_companion(kind, call.expr, call.is_open)?;
    for argument in call.arguments() {
        if let Some(hole) = hole_inside(argument) {
            let message = "`_` stands for a whole argument: write it in the place of the argument";
            return Err(syn::Error::new(hole, message));
        }
    }
    if call.is_open && kind == Kind::Put {
        let message = "`_` names many entries, and `#[redis_put]` stores one value under one key: name \
                       all arguments, or what else changes in a `#[redis_invalidate(...)]` beside it";
        return Err(syn::Error::new_spanned(&call.expr, message));
    }
    Ok(call)
}

fn is_hole(argument: &Expr) -> bool {
    matches!(argument, Expr::Infer(_))
}

fn is_rest(argument: &Expr) -> bool {
    matches!(argument, Expr::Range(range) if range.start.is_none() && range.end.is_none())
}

/// A `_` within an argument, which is an error of the compiler's in words that help nobody.
fn hole_inside(argument: &Expr) -> Option<Span> {
    struct Found(Option<Span>);
    impl Visit<'_> for Found {
        fn visit_expr_infer(&mut self, hole: &syn::ExprInfer) {
            self.0.get_or_insert(hole.underscore_token.span);
        }
    }
    let mut found = Found(None);
    if !is_hole(argument) {
        found.visit_expr(argument);
    }
    found.0
}

/// What is said of a call in which `*` or another sign stands for an argument that is left open, and which is
/// therefore no expression.
pub(super) fn sign_for_a_hole(call: ParseStream<'_>) -> Option<syn::Error> {
    let mut before = TokenStream::new();
    while !call.is_empty() && !call.peek(Token![,]) {
        let tree: TokenTree = call.parse().ok()?;
        if let TokenTree::Group(arguments) = &tree
            && arguments.delimiter() == Delimiter::Parenthesis
            && let Some((sign, with_holes)) = holes_for_signs(arguments.stream())
        {
            let written = tidy(&quote!(#before (#with_holes)).to_string());
            let message = format!(
                "`{sign}` is no argument: write `_` for one that is left open, such as `{written}`"
            );
            return Some(syn::Error::new_spanned(sign, message));
        }
        before.extend([tree]);
    }
    None
}

fn is_one_of(tree: &TokenTree, signs: &str) -> bool {
    matches!(tree, TokenTree::Punct(sign) if signs.contains(sign.as_char()))
}

/// The first argument that is nothing but a sign, and all arguments with `_` for such ones.
fn holes_for_signs(arguments: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let mut first = None;
    let each = arguments.split(|tree| is_one_of(tree, ",")).map(|argument| {
        let is_sign = !argument.is_empty() && argument.iter().all(|tree| is_one_of(tree, "*?%."));
        let argument: TokenStream = argument.iter().cloned().collect();
        if !is_sign {
            return argument;
        }
        first.get_or_insert(argument);
        quote!(_)
    });
    let each: Vec<_> = each.collect();
    Some((first?, quote!(#(#each),*)))
}

/// The name of the function that is called, and the call of its companion.
fn of_companion(kind: Kind, call: Expr, is_open: bool) -> syn::Result<(String, Expr)> {
    let entry = |name: &mut Ident| {
        let function = text_of(name);
        *name = companion_name(&function, is_open, name.span());
        function
    };
    let other = match call {
        Expr::Call(mut call) => {
            if let Expr::Path(function) = &mut *call.func
                && let Some(last) = function.path.segments.last_mut()
            {
                return Ok((entry(&mut last.ident), Expr::Call(call)));
            }
            return Err(not_a_call(call));
        }
        Expr::MethodCall(call) if is_of_an_iterator(&call) => {
            return Err(syn::Error::new_spanned(call, not_many(kind)));
        }
        Expr::MethodCall(mut call) => {
            return Ok((entry(&mut call.method), Expr::MethodCall(call)));
        }
        Expr::Path(path) => {
            let written = path.to_token_stream().to_string().replace(' ', "");
            let message = format!(
                "`{written}` is not called: write it with the arguments that its key uses, such \
                 as `{written}(id)`"
            );
            return Err(syn::Error::new_spanned(path, message));
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let message = match kind {
                Kind::Invalidate => {
                    format!("a key stands in `keys`: write `keys = [{:?}]`", text.value())
                }
                Kind::Put => not_by_key("a key"),
            };
            return Err(syn::Error::new_spanned(text, message));
        }
        Expr::Await(call) => return Err(not_run(call, "`.await`")),
        Expr::Try(call) => return Err(not_run(call, "`?`")),
        Expr::Reference(call) => return Err(not_run(call, "`&`")),
        Expr::Array(ExprArray { elems, .. }) | Expr::Tuple(ExprTuple { elems, .. }) => {
            let message = "write the calls side by side, without brackets around them";
            return Err(syn::Error::new_spanned(elems, message));
        }
        condition @ (Expr::If(_) | Expr::Match(_) | Expr::Block(_)) => {
            return Err(syn::Error::new_spanned(condition, not_on_condition(kind)));
        }
        each @ Expr::ForLoop(_) => return Err(syn::Error::new_spanned(each, not_many(kind))),
        other => other,
    };
    Err(not_a_call(other))
}

/// Whether a call is made for each of a list, such as `ids.iter().map(find)`.
fn is_of_an_iterator(call: &ExprMethodCall) -> bool {
    let for_each = ["map", "for_each", "filter_map", "flat_map", "collect"];
    let iterators = ["iter", "into_iter", "iter_mut"];
    let mut receiver = &*call.receiver;
    while let Expr::MethodCall(inner) = receiver {
        if iterators.iter().any(|name| inner.method == name) {
            return for_each.iter().any(|name| call.method == name);
        }
        receiver = &inner.receiver;
    }
    false
}

/// What to do about many entries.
pub(super) fn not_many(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalidate => {
            "a call names one entry: for those of a list write a tag that they have \
             (`tags = [\"org:{org_id}\"]`), leave the argument open with `_` (`get_user(_)`, all entries of the \
             function), or invalidate each in the body, after the commit: \
             `get_user_entry(id).invalidate().await`"
        }
        Kind::Put => {
            "`#[redis_put]` stores one value under one key: name one call; or do it in the body, for each: \
             `get_user_entry(id).put(&value).await`"
        }
    }
}

/// What to do about an entry that may change or not.
pub(super) fn not_on_condition(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalidate => {
            "what is named here is invalidated whatever becomes of the call: name all that may \
             change, side by side; or do it in the body, where it depends on something: \
             `get_user_entry(id).invalidate().await`"
        }
        Kind::Put => {
            "what is named here is stored whenever the call succeeds: name one call; or do it in \
             the body, where it depends on something: `get_user_entry(id).put(&value).await`"
        }
    }
}

fn not_run(call: impl ToTokens, rest: &str) -> syn::Error {
    let message = format!("the function is named here, not run: remove {rest}");
    syn::Error::new_spanned(call, message)
}

fn not_a_call(tokens: impl ToTokens) -> syn::Error {
    let message = "expected a call of a cached function with the arguments that its key uses, \
                   such as `get_user(id)`, `self.find(id)` or `Self::find(id)`";
    syn::Error::new_spanned(tokens, message)
}

/// Why a value cannot be stored under a key alone.
pub(super) fn not_by_key(what: &str) -> String {
    format!(
        "{what} does not say how the value is stored, which only a cached function does: name \
         that, such as `#[redis_put(get_user(id))]`, or invalidate the key with \
         `#[redis_invalidate(keys = [\"user:{{id}}\"])]`"
    )
}
