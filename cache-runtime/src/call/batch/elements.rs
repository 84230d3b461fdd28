//! The elements of a list, and the members that they are of: those whose keys and tags are alike share
//! one. The results of a call are with its elements.

/// The elements of the list of a call.
pub(super) struct List<I, V> {
    /// Each once; all that were given where the cache is not asked.
    all: Vec<Element<I, V>>,
    /// The first element of each member.
    firsts: Vec<usize>,
}

pub(super) struct Element<I, V> {
    pub(super) id: I,
    pub(super) value: Option<V>,
    /// The next one of the same member.
    next: Option<usize>,
}

impl<I, V> Element<I, V> {
    fn new(id: I) -> Self {
        Self { id, value: None, next: None }
    }
}

impl<I, V> List<I, V> {
    pub(super) fn with_room(elements: usize) -> Self {
        Self { all: Vec::with_capacity(elements), firsts: Vec::new() }
    }

    /// A list as it was given.
    pub(super) fn as_given(ids: impl Iterator<Item = I>) -> Self {
        Self { all: ids.map(Element::new).collect(), firsts: Vec::new() }
    }

    /// Adds an element of `member`, unless it is there.
    pub(super) fn add(&mut self, id: &I, member: usize, is_new: bool)
    where
        I: Clone + Eq,
    {
        let at = self.all.len();
        if is_new {
            self.firsts.push(at);
        } else {
            let mut last = None;
            for other in self.of(member) {
                if self.all.get(other).is_some_and(|other| other.id == *id) {
                    return;
                }
                last = Some(other);
            }
            if let Some(last) = last.and_then(|last| self.all.get_mut(last)) {
                last.next = Some(at);
            }
        }
        self.all.push(Element::new(id.clone()));
    }

    /// Where the elements of a member are.
    pub(super) fn of(&self, member: usize) -> impl Iterator<Item = usize> {
        let next = |at: &usize| self.all.get(*at)?.next;
        std::iter::successors(self.firsts.get(member).copied(), next)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Element<I, V>> {
        self.all.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Element<I, V>> {
        self.all.get_mut(at)
    }

    /// Changes the elements of a member, one after the other, until one cannot be.
    pub(super) fn each<E>(
        &mut self,
        member: usize,
        mut change: impl FnMut(&mut Element<I, V>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = self.firsts.get(member).copied();
        while let Some(element) = next.and_then(|at| self.all.get_mut(at)) {
            change(element)?;
            next = element.next;
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = Element<I, V>> {
        self.all.drain(..)
    }
}
