package org.tastemaker.examples.methods;

import org.tastemaker.diffusion.lora.Lora;

/**
 * Which weights a training trains.
 *
 * @param all of the U-Net, and not a LoRA
 * @param rank of the LoRA; 0 for the method's own
 */
record Trained(boolean all, int rank) {
  static final Trained LORA = new Trained(false, 0);
  static final Trained ALL = new Trained(true, 0);

  Trained {
    if (rank < 0) {
      throw new IllegalArgumentException("a rank is at least 1, but was " + rank);
    }
    if (all && rank > 0) {
      throw new IllegalArgumentException(
          "--rank is of a LoRA, and all weights have none: leave out --rank or --weights");
    }
  }

  /** The adapter of a method, with this rank; its scale is the same at every rank. */
  Lora.Options lora(Method method) {
    return rank == 0 ? method.lora() : method.lora().withRank(rank).withAlpha(rank);
  }

  /** For file names. */
  String suffix() {
    return all ? "-all" : rank == 0 ? "" : "-rank" + rank;
  }

  /** For tables. */
  String words() {
    return all ? ", all weights" : rank == 0 ? "" : ", rank " + rank;
  }

  /** For settings that must be the same. */
  String setting() {
    return all ? "all" : rank == 0 ? "lora" : "lora of rank " + rank;
  }
}
