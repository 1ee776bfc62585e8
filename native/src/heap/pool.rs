//! The machine's allocations: fast for a process that lives for a millisecond, most of them small and soon freed.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use dlmalloc::GlobalDlmalloc;
use rquickjs::allocator::Allocator;

use super::{
    ALIGN, HEADER, OPEN, SIZE, block_size, content_size, header, section_alloc, section_free, state,
};

/// Set in the header of a block that dlmalloc allocated.
const LARGE: usize = 2;
/// Largest block that the pool keeps a list of free ones for.
const LARGEST: usize = 1024;
const CHUNK: usize = 128 << 10;

/// The machine's allocations: while the section is open, from there; otherwise small blocks cut one after the other
/// from chunks and kept by size when freed, large ones from dlmalloc.
pub struct Pool {
    /// First free block by size in units of `ALIGN`; each one's content begins with the address of the next.
    free: [*mut u8; LARGEST / ALIGN + 1],
    /// What is left of the newest chunk.
    rest: *mut u8,
    left: usize,
}

impl Pool {
    /// A pool without memory.
    pub const fn new() -> Pool {
        Pool { free: [ptr::null_mut(); LARGEST / ALIGN + 1], rest: ptr::null_mut(), left: 0 }
    }

    fn small(&mut self, size: usize) -> *mut u8 {
        if let Some(first) = self.free.get_mut(size / ALIGN).filter(|first| !first.is_null()) {
            let content = *first;
            // SAFETY: a free block's content begins with the next one's address.
            *first = unsafe { *content.cast() };
            return content;
        }
        if self.left < size && !self.add_chunk() {
            return ptr::null_mut();
        }
        let block = self.rest;
        self.rest = block.wrapping_add(size);
        self.left -= size;
        // SAFETY: the chunk has room for the header and its content.
        unsafe { *block.cast() = size };
        block.wrapping_add(HEADER)
    }

    /// A fresh chunk, its pages present at once: that is cheaper than a page fault for each.
    fn add_chunk(&mut self) -> bool {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
        // SAFETY: a new mapping touches nothing that exists.
        let chunk =
            unsafe { libc::mmap(ptr::null_mut(), CHUNK, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if chunk == libc::MAP_FAILED {
            return false;
        }
        // One word further, so that the content after a header is aligned.
        self.rest = chunk.cast::<u8>().wrapping_add(HEADER);
        self.left = CHUNK - ALIGN;
        true
    }
}

/// What dlmalloc is asked for where a block of this size is wanted.
fn layout(size: usize) -> Layout {
    // SAFETY: block sizes are far from overflowing with a header more, and the alignment is a power of two.
    unsafe { Layout::from_size_align_unchecked(size + HEADER, ALIGN) }
}

/// A block of dlmalloc's: a word unused, the header, the content.
fn large(raw: *mut u8, size: usize) -> *mut u8 {
    if raw.is_null() {
        return ptr::null_mut();
    }
    let content = raw.wrapping_add(ALIGN);
    // SAFETY: the block has ALIGN bytes before its content.
    unsafe { *header(content) = size | LARGE };
    content
}

// SAFETY: every block has its header and is aligned; it goes back by what its header says.
unsafe impl Allocator for Pool {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        match block_size(size) {
            _ if state() == OPEN => section_alloc(size),
            Some(block) if block <= LARGEST => self.small(block),
            // SAFETY: the layout is neither empty nor larger than an address space.
            Some(block) if block < isize::MAX as usize / 2 => {
                large(unsafe { GlobalDlmalloc.alloc(layout(block)) }, block)
            }
            _ => ptr::null_mut(),
        }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(size) = count.checked_mul(size) else { return ptr::null_mut() };
        let content = self.alloc(size);
        if !content.is_null() {
            // SAFETY: the block is as large as was asked for.
            unsafe { ptr::write_bytes(content, 0, size) };
        }
        content
    }

    unsafe fn dealloc(&mut self, content: *mut u8) {
        // SAFETY: the content is a block's that nobody uses any more. Blocks of a sealed section are as good as the
        // pool's own, but for those larger than it keeps, which are left lying.
        unsafe {
            let word = *header(content);
            if word & LARGE != 0 {
                GlobalDlmalloc.dealloc(content.wrapping_sub(ALIGN), layout(word & SIZE));
            } else if state() == OPEN {
                section_free(content);
            } else if let Some(first) = self.free.get_mut(word / ALIGN) {
                *content.cast() = *first;
                *first = content;
            }
        }
    }

    unsafe fn realloc(&mut self, content: *mut u8, size: usize) -> *mut u8 {
        if content.is_null() {
            return self.alloc(size);
        }
        // SAFETY: the content is a block's; the new one is at least as large as what is copied.
        unsafe {
            let old = content_size(content);
            if size <= old && size > old / 2 {
                return content;
            }
            if *header(content) & LARGE != 0 && size > LARGEST {
                let Some(block) = block_size(size).filter(|block| *block < isize::MAX as usize / 2) else {
                    return ptr::null_mut();
                };
                let was = layout(*header(content) & SIZE);
                return large(
                    GlobalDlmalloc.realloc(content.wrapping_sub(ALIGN), was, block + HEADER),
                    block,
                );
            }
            let new = self.alloc(size);
            if !new.is_null() {
                ptr::copy_nonoverlapping(content, new, old.min(size));
                self.dealloc(content);
            }
            new
        }
    }

    unsafe fn usable_size(content: *mut u8) -> usize {
        // SAFETY: the content is a block's.
        unsafe { content_size(content) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_keeps_contents_over_sizes_and_uses_blocks_again() {
        let mut pool = Pool::new();
        // SAFETY: each block is used as its size allows and given back once.
        unsafe {
            let mut block = pool.alloc(1);
            *block = 7;
            for size in [8, 9, 100, 1015, 1016, 1017, 5000, 200_000, 5000, 1000, 24, 1] {
                block = pool.realloc(block, size);
                assert!(block.addr().is_multiple_of(ALIGN) && Pool::usable_size(block) >= size, "{size}");
                assert_eq!(*block, 7, "{size}");
                *block.add(size - 1) = 7;
            }
            let other = pool.alloc(24);
            assert_ne!(block, other);
            *other = 9;
            pool.dealloc(other);
            assert_eq!(pool.calloc(3, 8), other);
            assert_eq!(*other, 0);
        }
        assert!(pool.calloc(usize::MAX, 2).is_null());
        assert!(pool.alloc(usize::MAX).is_null());
    }
}
