package org.tastemaker.diffusion;

import org.bytedeco.javacpp.Pointer;

/** Resident memory outside of the Java heap: where arrays that nobody closed pile up. */
public final class NativeMemory {
  private NativeMemory() {}

  /** After a collection, so that garbage does not count. In bytes. */
  public static long resident() {
    System.gc();
    return Pointer.physicalBytes() - Runtime.getRuntime().totalMemory();
  }
}
