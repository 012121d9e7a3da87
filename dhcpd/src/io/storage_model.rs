//! A disk in memory that remembers what was asked of it, fails when told to, and knows what a power cut could leave.
//!
//! What was appended since the last sync of a file may be lost, whole or in part, or read as zeros; what happened to names
//! since the last sync of the directory may be lost one by one. A sync that fails throws away what it should have written.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::storage::{Entry, FileId, Owner, Storage, StoredFile};

/// Handles share the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Model(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    now: Tree,
    operations: Vec<Operation>,
    /// Which of the calls that can fail do, and with what.
    faults: Vec<Fault>,
    calls: usize,
    syncs_do_nothing: bool,
}

/// Calls from `first` on, as many as `count`, fail with an error number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) error: i32,
}

/// What happened, in the order in which it did.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Append(usize, Vec<u8>),
    Cut(usize, usize),
    Sync(usize),
    FailedSync(usize),
    Name(Naming),
    SyncNames,
    /// Somebody outside was told something.
    Released(u8),
}

#[derive(Clone, Debug)]
pub(super) enum Naming {
    Set(PathBuf, usize),
    Move(PathBuf, PathBuf, usize),
    Remove(PathBuf),
}

/// Names and contents.
#[derive(Clone, Debug, Default)]
struct Tree {
    names: BTreeMap<PathBuf, usize>,
    files: BTreeMap<usize, Vec<u8>>,
}

/// What becomes of bytes that were not synced.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lost,
    Torn,
    Zeroed,
    Kept,
}

const FATES: [Fate; 4] = [Fate::Lost, Fate::Torn, Fate::Zeroed, Fate::Kept];

impl Model {
    /// A disk on which an empty file is safe.
    pub(super) fn with_file(path: &Path) -> Self {
        let model = Self::default();
        model.create(path, Owner::default()).unwrap();
        model.sync_directory(path).unwrap();
        model.lock().calls = 0;
        model
    }

    pub(super) fn fail(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// From now on a sync returns at once.
    pub(super) fn leave_out_syncs(&self) {
        self.lock().syncs_do_nothing = true;
    }

    pub(super) fn release(&self, reply: u8) {
        self.lock().operations.push(Operation::Released(reply));
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.lock().operations.clone()
    }

    /// How many calls that can fail there were.
    pub(super) fn calls(&self) -> usize {
        self.lock().calls
    }

    /// What a reader sees now.
    pub(super) fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let disk = self.lock();
        let file = disk.now.names.get(path)?;
        disk.now.files.get(file).cloned()
    }

    pub(super) fn names(&self) -> Vec<PathBuf> {
        self.lock().now.names.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    fn file(&self, number: usize) -> ModelFile {
        let disk = self.clone();
        ModelFile { disk, number }
    }

    fn rename_in(&self, naming: Naming) {
        let mut disk = self.lock();
        disk.now.apply(&naming);
        disk.operations.push(Operation::Name(naming));
    }

    fn number_of(&self, path: &Path) -> io::Result<usize> {
        let number = self.lock().now.names.get(path).copied();
        number.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk {
    /// Fails if this call shall.
    fn call(&mut self) -> io::Result<()> {
        let call = self.calls;
        self.calls += 1;
        let hit = |fault: &&Fault| (fault.first..fault.first + fault.count).contains(&call);
        match self.faults.iter().find(hit) {
            Some(fault) => Err(io::Error::from_raw_os_error(fault.error)),
            None => Ok(()),
        }
    }

    fn append(&mut self, file: usize, text: &[u8]) {
        self.now.files.get_mut(&file).unwrap().extend(text);
        let text = text.to_vec();
        self.operations.push(Operation::Append(file, text));
    }
}

impl Tree {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Set(name, file) => drop(self.names.insert(name.clone(), *file)),
            Naming::Move(from, to, file) => {
                self.names.remove(from);
                self.names.insert(to.clone(), *file);
            }
            Naming::Remove(name) => drop(self.names.remove(name)),
        }
    }
}

impl Storage for Model {
    type File = ModelFile;

    fn open(&self, path: &Path) -> io::Result<ModelFile> {
        Ok(self.file(self.number_of(path)?))
    }

    fn create(&self, path: &Path, _: Owner) -> io::Result<ModelFile> {
        self.lock().call()?;
        let number = self.lock().now.files.len();
        self.lock().now.files.insert(number, Vec::new());
        self.rename_in(Naming::Set(path.to_owned(), number));
        Ok(self.file(number))
    }

    fn look(&self, path: &Path) -> io::Result<Entry> {
        self.file(self.number_of(path)?).entry()
    }

    fn link(&self, path: &Path, name: &Path) -> io::Result<()> {
        self.lock().call()?;
        let number = self.number_of(path)?;
        self.rename_in(Naming::Set(name.to_owned(), number));
        Ok(())
    }

    fn rename(&self, path: &Path, name: &Path) -> io::Result<()> {
        self.lock().call()?;
        let number = self.number_of(path)?;
        self.rename_in(Naming::Move(path.to_owned(), name.to_owned(), number));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.number_of(path)?;
        self.rename_in(Naming::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        let mut disk = self.lock();
        disk.call()?;
        if !disk.syncs_do_nothing {
            disk.operations.push(Operation::SyncNames);
        }
        Ok(())
    }
}

/// A file on the disk.
#[derive(Debug)]
pub(super) struct ModelFile {
    disk: Model,
    number: usize,
}

impl StoredFile for ModelFile {
    fn entry(&self) -> io::Result<Entry> {
        let disk = self.disk.lock();
        let length = disk.now.files[&self.number].len();
        Ok(Entry {
            id: FileId(0, u64::try_from(self.number).unwrap()),
            length: u64::try_from(length).unwrap(),
        })
    }

    /// A full disk takes half of what it is given.
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let called = disk.call();
        let taken = match called {
            Ok(()) => text,
            Err(_) => &text[..text.len() / 2],
        };
        disk.append(self.number, taken);
        called
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        let mut disk = self.disk.lock();
        disk.call()?;
        disk.now
            .files
            .get_mut(&self.number)
            .unwrap()
            .truncate(length);
        disk.operations.push(Operation::Cut(self.number, length));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let called = disk.call();
        if !disk.syncs_do_nothing {
            disk.operations.push(match called {
                Ok(()) => Operation::Sync(self.number),
                Err(_) => Operation::FailedSync(self.number),
            });
        }
        called
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync()
    }
}

/// A file's bytes: those that are safe, and those that a power cut may take.
#[derive(Clone, Debug, Default)]
struct Content {
    safe: Vec<u8>,
    written: Vec<u8>,
}

impl Content {
    fn after(&self, fate: Fate) -> Vec<u8> {
        let Some(pending) = self.written.get(self.safe.len()..) else {
            return self.safe.clone();
        };
        let mut left = self.safe.clone();
        match fate {
            Fate::Lost => {}
            Fate::Torn => left.extend(&pending[..pending.len() / 2]),
            Fate::Zeroed => left.resize(self.written.len(), 0),
            Fate::Kept => left.extend(pending),
        }
        left
    }
}

/// What is on disk while operations come in, and what a power cut would leave of it.
#[derive(Debug, Default)]
pub(super) struct PowerCut {
    contents: BTreeMap<usize, Content>,
    safe: Tree,
    pending: Vec<Naming>,
}

impl PowerCut {
    pub(super) fn note(&mut self, operation: &Operation) {
        match operation {
            Operation::Append(file, text) => self.content(*file).written.extend(text),
            Operation::Cut(file, length) => self.content(*file).written.truncate(*length),
            Operation::Sync(file) => {
                let content = self.content(*file);
                content.safe.clone_from(&content.written);
            }
            // The system takes what it could not write for written, but it is not there.
            Operation::FailedSync(file) => {
                let content = self.content(*file);
                content.written.clone_from(&content.safe);
            }
            Operation::Name(naming) => self.pending.push(naming.clone()),
            Operation::SyncNames => {
                let safe = &mut self.safe;
                self.pending
                    .drain(..)
                    .for_each(|naming| safe.apply(&naming));
            }
            Operation::Released(_) => {}
        }
    }

    fn content(&mut self, file: usize) -> &mut Content {
        self.contents.entry(file).or_default()
    }

    /// Everything that can be at `path` if the power fails now; an empty file stands for none.
    pub(super) fn outcomes(&self, path: &Path) -> HashSet<Vec<u8>> {
        let choices = 0..1_u32 << self.pending.len();
        let files = choices.map(|chosen| self.tree_with(chosen).names.get(path).copied());
        let files: HashSet<Option<usize>> = files.collect();
        let content = |file: Option<usize>| self.contents.get(&file?).cloned();
        let contents = files
            .into_iter()
            .map(|file| content(file).unwrap_or_default());
        contents
            .flat_map(|content| FATES.map(|fate| content.after(fate)))
            .collect()
    }

    /// The names, with those pending changes whose bits are set.
    fn tree_with(&self, chosen: u32) -> Tree {
        let mut tree = self.safe.clone();
        for (index, naming) in self.pending.iter().enumerate() {
            if chosen & 1 << index != 0 {
                tree.apply(naming);
            }
        }
        tree
    }
}
