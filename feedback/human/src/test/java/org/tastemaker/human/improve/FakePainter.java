package org.tastemaker.human.improve;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;

/** Twelve numbers are the pixels of a 2 x 2 image: 0.5 and a quarter of each. */
final class FakePainter implements Painter {
  static final int SIZE = 12;

  private final Prompt prompt;
  private final List<String> painted = new ArrayList<>();
  private @Nullable Semaphore permits;
  private @Nullable RuntimeException failure;
  private int cancelled;

  FakePainter() {
    this(Prompt.of("a lighthouse"));
  }

  FakePainter(Prompt prompt) {
    this.prompt = prompt;
  }

  /** From now on an image needs a permit of its own. */
  synchronized Semaphore slowly() {
    permits = new Semaphore(0);
    return permits;
  }

  /** From now on it fails; null for no more. */
  synchronized void fail(@Nullable RuntimeException with) {
    failure = with;
  }

  /** The keys of all that was painted, in order. */
  synchronized List<String> painted() {
    return List.copyOf(painted);
  }

  synchronized int cancelled() {
    return cancelled;
  }

  static Image image(float[] point) {
    float[] pixels = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      pixels[i] = 0.5f + point[i] / 4;
    }
    return Image.clamped(3, 2, 2, pixels);
  }

  @Override
  public float[] start() {
    return new float[SIZE];
  }

  @Override
  public Image paint(float[] point, Cancellation cancellation) {
    Semaphore slow;
    RuntimeException broken;
    synchronized (this) {
      slow = permits;
      broken = failure;
    }
    if (broken != null) {
      throw broken;
    }
    while (slow != null && !slow.tryAcquire()) {
      if (cancellation.isRequested()) {
        synchronized (this) {
          cancelled++;
        }
        throw new CancellationException("cancelled");
      }
      Thread.onSpinWait();
    }
    synchronized (this) {
      painted.add(Point.of(point.clone()).key());
    }
    return image(point);
  }

  @Override
  public Prompt prompt() {
    return prompt;
  }

  @Override
  public Settings settings() {
    return Settings.none().with("prompt", prompt.text());
  }
}
