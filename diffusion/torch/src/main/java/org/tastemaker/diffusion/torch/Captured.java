package org.tastemaker.diffusion.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One piece of a function's work, forward or backward, from tensors that are always the same ones
 * to tensors that are always the same ones: run as it is at first, then recorded, then replayed.
 *
 * <p>What was recorded is compared with what it stands for before it is trusted: run once both
 * ways, the results must agree. If they do not, or the work cannot be recorded, it is run as it is
 * for good, and the log says so.
 */
@SuppressWarnings("try") // scopes are there to be closed
final class Captured implements AutoCloseable {
  /** Runs before a recording: libraries choose their kernels and take their workspaces. */
  static final int WARM_UP = 2;

  /**
   * How far two runs of one piece may be apart, relative to the norm: sums by atomic additions have
   * no fixed order, in float32 1e-6 and in bfloat16 1e-3 of the norm.
   */
  private static final double BOUND = 1e-2;

  private static final Logger LOG = LoggerFactory.getLogger(Captured.class);

  private final String name;
  private final Capture capture;
  private final List<Tensor> results;
  private int runs;
  private boolean refused;
  private Capture.@Nullable Replay replay;

  /**
   * Work that has not been run.
   *
   * @param name for the log
   * @param capture records it
   * @param results the tensors that it writes, all of them
   */
  Captured(String name, Capture capture, List<Tensor> results) {
    this.name = name;
    this.capture = capture;
    this.results = List.copyOf(results);
  }

  /** Whether the work is replayed from now on. */
  boolean isRecorded() {
    return replay != null;
  }

  /** Runs the work, in one way or the other; always the same work. */
  void run(Runnable work) {
    if (replay != null) {
      replay.run();
      return;
    }
    work.run();
    runs++;
    if (runs >= WARM_UP && !refused) {
      try {
        record(work);
      } catch (RuntimeException e) {
        refuse(e.toString());
      }
      if (refused) {
        // Neither results nor what the work keeps, such as a tape, may come from a recording.
        work.run();
      }
    }
  }

  private void record(Runnable work) {
    List<Tensor> expected = new ArrayList<>();
    Capture.Replay recorded = null;
    try (AutoGradMode noGradients = new AutoGradMode(false)) {
      // 1. What it should be.
      for (Tensor result : results) {
        expected.add(result.clone());
      }
      // 2. The recording, and something else in the results' place.
      recorded = capture.record(work);
      for (Tensor result : results) {
        result.zero_();
      }
      // 3. The comparison.
      recorded.run();
      for (int i = 0; i < results.size() && !refused; i++) {
        double error = distance(results.get(i), expected.get(i));
        if (!(error <= BOUND)) {
          refuse("its results differ by " + error + " from those of the work itself");
        }
      }
      if (!refused) {
        replay = recorded;
        recorded = null;
      }
    } finally {
      expected.forEach(Tensor::close);
      if (recorded != null) {
        recorded.close();
      }
    }
  }

  /** The norm of the difference, relative to the norm; NaN if either has one. */
  private static double distance(Tensor actual, Tensor expected) {
    try (PointerScope scope = new PointerScope()) {
      double norm = expected.norm(new Scalar(2)).item_double();
      double error = actual.sub(expected).norm(new Scalar(2)).item_double();
      return norm == 0 ? error : error / norm;
    }
  }

  private void refuse(String why) {
    refused = true;
    LOG.warn("the {} half is not run as a CUDA graph: {}", name, why);
  }

  @Override
  public void close() {
    forget();
  }

  /** Forgets the recording: the work is run, and recorded, again. */
  void forget() {
    if (replay != null) {
      replay.close();
      replay = null;
    }
  }
}
