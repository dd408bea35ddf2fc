package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * Where a training's numbers are: on the host, or for a while where the engine computes. The host
 * then keeps what there was, which is what a step that fails goes back to.
 */
final class Residency {
  private final TrainedParameters parameters;
  private final HostTraining host;
  private @Nullable ResidentTraining resident;

  /** Whether the host has what is resident. */
  private boolean current = true;

  /** Whether what the host had before is to be gone back to. */
  private boolean keepsBefore;

  private @Nullable TrainingSnapshot before;

  Residency(TrainedParameters parameters, HostTraining host) {
    this.parameters = parameters;
    this.host = host;
  }

  /** What is where the engine computes; null while all is on the host. */
  @Nullable ResidentTraining resident() {
    return resident;
  }

  /** What is resident has been updated. */
  void hostIsBehind() {
    current = false;
  }

  /** {@link TrainingState#resident}. */
  void resident(Runnable updates) {
    boolean entered = resident == null && enter();
    try {
      updates.run();
    } finally {
      if (entered) {
        try {
          bringToHost();
        } finally {
          leave();
        }
      }
    }
  }

  /** {@link TrainingState#atomically}. */
  void atomically(Runnable updates) {
    long step = host.adamW().updates();
    boolean entered = resident == null && enter();
    TrainingSnapshot copy = entered ? null : copy();
    keepsBefore = entered;
    boolean done = false;
    try {
      updates.run();
      if (entered) {
        keepsBefore = false;
        bringToHost();
      }
      done = true;
    } finally {
      TrainingSnapshot kept = entered ? before : copy;
      keepsBefore = false;
      before = null;
      if (entered) {
        leave();
      }
      if (!done) {
        if (kept != null) {
          kept.restore();
        }
        host.resume(step);
        send();
      }
    }
  }

  private TrainingSnapshot copy() {
    bringToHost();
    return new TrainingSnapshot(host.buffers().values());
  }

  private boolean enter() {
    ImmutableList<INDArray> arrays = parameters.weights().values().asList();
    resident =
        parameters
            .engine()
            .flatMap(engine -> engine.train(arrays, host.ema() != null))
            .orElse(null);
    if (resident == null) {
      return false;
    }
    host.begin();
    try {
      send();
    } catch (RuntimeException | Error e) {
      leave();
      throw e;
    }
    return true;
  }

  private void leave() {
    if (resident != null) {
      resident.close();
      resident = null;
    }
    current = true;
  }

  /** Sends the host's state to where the engine computes, if it is to be there. */
  void send() {
    if (resident != null) {
      ResidentTraining there = resident;
      host.buffers()
          .forEach(
              (kind, all) -> {
                for (int i = 0; i < all.size(); i++) {
                  there.upload(kind, i, all.get(i).duplicate());
                }
              });
      there.begin();
      current = true;
    }
  }

  /** Brings the host up to date. */
  void bringToHost() {
    if (resident == null) {
      return;
    }
    if (keepsBefore && before == null) {
      before = new TrainingSnapshot(host.buffers().values());
    }
    if (current) {
      return;
    }
    ResidentTraining there = resident;
    host.buffers()
        .forEach(
            (kind, all) -> {
              for (int i = 0; i < all.size(); i++) {
                there.download(kind, i, all.get(i).duplicate());
              }
            });
    current = true;
  }

  /** Runs something while nothing is resident. */
  void onHost(Runnable action) {
    if (resident == null) {
      action.run();
      return;
    }
    bringToHost();
    leave();
    try {
      action.run();
    } finally {
      // It was taken before; if it is not now, the training goes on here.
      boolean unused = enter();
    }
  }
}
