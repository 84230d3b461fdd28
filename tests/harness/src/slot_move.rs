//! A slot on its way from one node of a cluster to another.

use crate::cluster::Cluster;

/// A slot that is being moved, key by key, and where that stops whenever the test wants it to.
#[derive(Debug)]
pub struct SlotMove<'c> {
    cluster: &'c Cluster,
    slot: String,
    from: usize,
    to: usize,
}

impl Cluster {
    /// Begins to move a slot: from now on the new node takes the keys that the old one has not, from
    /// who asks with `ASKING`.
    ///
    /// # Panics
    ///
    /// If nobody has the slot, or the node has it already.
    pub fn begin_move(&self, slot: u16, to: usize) -> SlotMove<'_> {
        let from = self.owner(slot).expect("nobody has the slot");
        assert_ne!(from, to, "it is there already");
        let it = SlotMove { cluster: self, slot: slot.to_string(), from, to };
        it.tell(to, &["IMPORTING", &it.id(from)]);
        it.tell(from, &["MIGRATING", &it.id(to)]);
        it
    }

    /// Moves a slot, and does not wait until everybody has heard of it.
    pub fn move_slot(&self, slot: u16, to: usize) {
        self.begin_move(slot, to).finish();
    }
}

impl SlotMove<'_> {
    /// Who has had it.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Who is to have it.
    pub fn to(&self) -> usize {
        self.to
    }

    /// The keys that are still at its old place.
    pub fn left(&self) -> Vec<String> {
        let all = ["CLUSTER", "GETKEYSINSLOT", &self.slot, "100000"];
        self.cluster.node(self.from).command(&all)
    }

    /// Moves one key; false if it was gone.
    pub fn key(&self, key: &str) -> bool {
        let to = self.cluster.node(self.to);
        let port = to.direct_port().to_string();
        let mut command = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "10000", "REPLACE"];
        if !to.password().is_empty() {
            command.extend(["AUTH", to.password()]);
        }
        command.extend(["KEYS", key]);
        self.cluster.node(self.from).command::<String>(&command) == "OK"
    }

    /// Moves what is left, and gives the slot to its new owner. The two know; the others hear of it.
    pub fn finish(self) {
        // None comes anew: what is not there is asked of the new node.
        while let left @ [_, ..] = &self.left()[..] {
            for key in left {
                self.key(key);
            }
        }
        let id = self.id(self.to);
        self.tell(self.to, &["NODE", &id]);
        self.tell(self.from, &["NODE", &id]);
    }

    /// Gives it up: what has been moved is moved back.
    pub fn cancel(self) {
        let all = ["CLUSTER", "GETKEYSINSLOT", &self.slot, "100000"];
        let moved: Vec<String> = self.cluster.node(self.to).command(&all);
        self.tell(self.from, &["STABLE"]);
        let back = SlotMove { from: self.to, to: self.from, ..self };
        for key in moved {
            back.key(&key);
        }
        back.tell(back.from, &["STABLE"]);
    }

    fn id(&self, node: usize) -> String {
        self.cluster.node(node).command(&["CLUSTER", "MYID"])
    }

    fn tell(&self, node: usize, what: &[&str]) {
        let words: Vec<_> =
            ["CLUSTER", "SETSLOT", &self.slot].iter().chain(what).copied().collect();
        self.cluster.node(node).command::<()>(&words);
    }
}
