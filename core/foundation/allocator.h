#pragma once

namespace tarn {

/// So many bytes that are freed stay with the program.
inline constexpr int keptByAllocator = 8 * 1024 * 1024;
/// What is as large as this comes straight from the system, and goes back to it.
inline constexpr int straightFromSystem = 1024 * 1024;

/// Sets the C library's allocator up for a program that moves large buffers from thread to thread: few pools, and a few
/// megabytes kept of what is freed, where each buffer's pages would otherwise be taken from the system and given back,
/// and cleared by it, every time. Call before any thread starts. Does nothing where the allocator cannot be asked.
void prepareAllocator() noexcept;

/// Gives all that is freed back to the system: when the work has come to rest.
void giveFreedMemoryBack() noexcept;

}  // namespace tarn
