package org.tastemaker.diffusion.engine.onednn;

import java.util.List;

/**
 * The steps that make the weights for which one function was the first to ask, and the memory that
 * these steps share for what lies between the array and the weight. It lives as long as the last of
 * the weights, which may be used by other functions then.
 */
final class Packing {
  private final Resources owned = new Resources();
  private final Program program = new Program(owned.add(new OneDnn()));
  private int users = 1; // the function, while it is compiled

  Program program() {
    return program;
  }

  List<Step> steps() {
    return program.steps(Program.Part.FORWARD);
  }

  /** Gives the steps their memory, when the weights have theirs. */
  void place() {
    owned.add(Arena.of(steps()));
    steps().forEach(Step::bind);
  }

  synchronized void acquire() {
    users++;
  }

  /** One user less; frees everything after the last one. */
  synchronized void release() {
    users--;
    if (users == 0) {
      owned.close();
    }
  }
}
