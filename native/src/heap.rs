//! Memory for the machine: a section of the executable that a finished machine is shipped in, and a fast pool.
//!
//! While a snapshot is made (snapshot.rs), everything the machine and the Rust values it holds allocate lies in the
//! section. The build writes the used part of it back into the executable, and the kernel loads it at the same
//! address with the rest of the program's data. In a call the machine's new memory comes from a pool (heap/pool.rs), Rust's
//! from dlmalloc: musl's own malloc maps and unmaps a page for nearly every block above some kilobytes.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use dlmalloc::GlobalDlmalloc;

mod pool;

pub use pool::Pool;

// `SECTION`: bytes of the section, as build.rs found the machine to need.
include!(concat!(env!("OUT_DIR"), "/heap_size.rs"));

/// Every block is a header word and its content; the content begins at a multiple of this, and sizes are multiples.
const ALIGN: usize = 16;
const HEADER: usize = size_of::<usize>();
/// Set in the header of a block of the section while it is in use.
const IN_USE: usize = 1;
const SIZE: usize = !(ALIGN - 1);

const EMPTY: usize = 0;
const OPEN: usize = 1;
const SEALED: usize = 2;

/// The section. Its first words are what a snapshot is found by.
#[repr(C, align(4096))]
struct Section {
    state: AtomicUsize,
    /// Where each half's used part ends, counted from the section's start.
    used: [AtomicUsize; 2],
    root: AtomicPtr<()>,
    blocks: UnsafeCell<[u8; SECTION - START]>,
}

/// Where the blocks' bytes begin.
const START: usize = 4 * size_of::<usize>();
/// The halves: small blocks, which are objects that every call writes to, if only to count references, and large
/// ones, most of which are functions and tables that are only read. Headers lie so that contents are aligned.
const HALVES: [Range<usize>; 2] = [START + HEADER..SECTION / 2 + HEADER, SECTION / 2 + HEADER..SECTION];
/// Largest block that counts as small.
const SMALL: usize = 160;

// SAFETY: the blocks are only cut and joined while the section is open, in a process of one thread; what they hold
// is reached through the pointers that were given out, whose owners answer for it.
unsafe impl Sync for Section {}

#[unsafe(link_section = ".lintel.heap")]
static HEAP: Section = Section {
    state: AtomicUsize::new(EMPTY),
    used: [AtomicUsize::new(HALVES[0].start), AtomicUsize::new(HALVES[1].start)],
    root: AtomicPtr::new(ptr::null_mut()),
    blocks: UnsafeCell::new([0; SECTION - START]),
};

fn state() -> usize {
    HEAP.state.load(Ordering::Relaxed)
}

fn begin() -> *mut u8 {
    HEAP.blocks.get().cast::<u8>().wrapping_sub(START)
}

fn in_section(content: *const u8) -> bool {
    content.addr().wrapping_sub(begin().addr()) < SECTION
}

/// Lets allocations go to the section from here on; false if it holds a snapshot already.
/// Only for a process of one thread.
pub fn open() -> bool {
    HEAP.state.compare_exchange(EMPTY, OPEN, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Ends that. Returns the section's bytes with the root in them, as the executable is to hold them.
pub fn seal(root: *mut ()) -> &'static [u8] {
    HEAP.root.store(root, Ordering::Relaxed);
    HEAP.state.store(SEALED, Ordering::Relaxed);
    // SAFETY: the section begins at `begin` and has at least the used bytes.
    unsafe { std::slice::from_raw_parts(begin(), used(1)) }
}

/// The root that `seal` was given when the snapshot in this executable was made.
pub fn root() -> Option<NonNull<()>> {
    NonNull::new(HEAP.root.load(Ordering::Relaxed)).filter(|_| state() == SEALED)
}

/// Where a half's used part ends.
fn used(half: usize) -> usize {
    HEAP.used.get(half).map_or(0, |used| used.load(Ordering::Relaxed))
}

/// Has the kernel bring the small blocks' pages in at once: nearly all are written to, and a page fault for each
/// costs more (madvise(2), MADV_POPULATE_WRITE, Linux 5.14; without it they come one by one).
pub fn warm() {
    // SAFETY: the range is the section's, whose pages keep what they hold.
    unsafe { libc::madvise(begin().cast(), used(0), libc::MADV_POPULATE_WRITE) };
}

/// The words of the section in use, to be looked through while it is open.
pub fn words() -> &'static mut [usize] {
    let count = used(1) / size_of::<usize>();
    // SAFETY: the words lie in the section; one thread alone is at work while it is open.
    unsafe { std::slice::from_raw_parts_mut(begin().cast(), count) }
}

/// The size of a block for content of so many bytes; `None` where that overflows.
fn block_size(content: usize) -> Option<usize> {
    Some(content.checked_add(HEADER + ALIGN - 1)? & SIZE)
}

fn header(content: *mut u8) -> *mut usize {
    content.wrapping_sub(HEADER).cast()
}

/// SAFETY: the content must be a block's, of the section or of a pool.
unsafe fn content_size(content: *mut u8) -> usize {
    (unsafe { *header(content) } & SIZE) - HEADER
}

/// A block of the half for its size, or of the other one where that is full; its content is zero. Null when both are.
fn section_alloc(content: usize) -> *mut u8 {
    let Some(size) = block_size(content) else { return ptr::null_mut() };
    let order = if size <= SMALL { [0, 1] } else { [1, 0] };
    let blocks = order.iter().map(|half| half_alloc(*half, size));
    blocks.into_iter().find(|block| !block.is_null()).unwrap_or(ptr::null_mut())
}

/// First fit over all blocks in order, joining free neighbours on the way: slow, compact, and the same every time.
fn half_alloc(half: usize, size: usize) -> *mut u8 {
    let (Some(range), Some(end_of_used)) = (HALVES.get(half), HEAP.used.get(half)) else {
        return ptr::null_mut();
    };
    let at = |offset: usize| begin().wrapping_add(offset).cast::<usize>();
    let mut used = used(half);
    let mut offset = range.start;
    // SAFETY: offsets run over the headers of the half's blocks, which are below `used`; beyond it all is zero.
    unsafe {
        while offset < used {
            let mut length = *at(offset);
            if length & IN_USE != 0 {
                offset += length & SIZE;
                continue;
            }
            while offset + length < used && *at(offset + length) & IN_USE == 0 {
                length += std::mem::take(&mut *at(offset + length));
            }
            *at(offset) = length;
            if offset + length == used {
                *at(offset) = 0;
                used = offset;
            } else if length >= size {
                if length > size {
                    *at(offset + size) = length - size;
                }
                break;
            } else {
                offset += length;
            }
        }
        end_of_used.store(used, Ordering::Relaxed);
        if offset == used {
            if size > range.end.saturating_sub(used) {
                return ptr::null_mut();
            }
            end_of_used.store(used + size, Ordering::Relaxed);
        }
        *at(offset) = size | IN_USE;
    }
    at(offset).cast::<u8>().wrapping_add(HEADER)
}

/// Gives a block of the open section back, and zeroes it: nothing stale is to be shipped.
/// SAFETY: the content must be a block of the section that nobody uses any more.
unsafe fn section_free(content: *mut u8) {
    // SAFETY: so says the caller.
    unsafe {
        ptr::write_bytes(content, 0, content_size(content));
        *header(content) &= !IN_USE;
    }
}

/// Rust's own allocations.
struct Rust;

#[global_allocator]
static RUST: Rust = Rust;

// SAFETY: blocks of the section are told from dlmalloc's by their address. In a call the section's are left
// lying: the process ends soon.
unsafe impl GlobalAlloc for Rust {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if state() == OPEN && layout.align() <= ALIGN {
            return section_alloc(layout.size());
        }
        // SAFETY: the caller keeps to the contract of GlobalAlloc.
        unsafe { GlobalDlmalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, content: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe {
            if !in_section(content) {
                GlobalDlmalloc.dealloc(content, layout);
            } else if state() == OPEN {
                section_free(content);
            }
        }
    }

    unsafe fn realloc(&self, content: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the new block is at least as large as what is copied.
        unsafe {
            if !in_section(content) {
                return GlobalDlmalloc.realloc(content, layout, size);
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(content, new, layout.size().min(size));
                self.dealloc(content, layout);
            }
            new
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_section_joins_and_zeroes_what_comes_back() {
        let blocks: Vec<*mut u8> = (0..4).map(|_| section_alloc(40)).collect();
        assert!(blocks.iter().all(|block| in_section(*block) && block.addr().is_multiple_of(ALIGN)));
        // SAFETY: the blocks are this test's, 40 bytes each.
        unsafe {
            blocks.iter().for_each(|block| ptr::write_bytes(*block, 0xff, 40));
            section_free(blocks[1]);
            section_free(blocks[2]);
            let joined = section_alloc(80);
            assert_eq!(joined, blocks[1]);
            assert!(std::slice::from_raw_parts(joined, 80).iter().all(|byte| *byte == 0));
            section_free(joined);
            assert_eq!(section_alloc(16), blocks[1]);
            assert_eq!(*blocks[0], 0xff);
            assert_eq!(*blocks[3], 0xff);
        }
        assert!(section_alloc(SECTION).is_null());
        assert!(section_alloc(usize::MAX).is_null());
    }

    #[test]
    fn an_executable_as_linked_has_no_snapshot() {
        assert_eq!(root(), None);
    }
}
