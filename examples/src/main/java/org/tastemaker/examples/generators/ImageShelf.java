package org.tastemaker.examples.generators;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.feedback.FeedbackException;

/**
 * The images of a study on the disk. Each is written as soon as it is there, so a killed study
 * makes no image twice but those that were in flight. A refusal is kept like an image.
 */
public final class ImageShelf {
  private final Path folder;

  /**
   * One image to be made.
   *
   * @param arm for whom
   * @param prompt number of the prompt
   * @param image number of the image of this prompt
   * @param text what the source is asked for
   * @param seed of the image; a remote source has no use for it
   */
  public record Order(Arm arm, int prompt, int image, Prompt text, Seed seed) {}

  /**
   * A shelf.
   *
   * @param folder made when the first image is there
   */
  public ImageShelf(Path folder) {
    this.folder = folder;
  }

  /**
   * An image.
   *
   * @param arm whose
   * @param prompt its number
   * @param image its number
   * @return empty where it was refused, or is not made yet
   */
  public Optional<Image> get(Arm arm, int prompt, int image) {
    Path file = file(arm, prompt, image, ".png");
    return Files.exists(file) ? Optional.of(Image.read(file)) : Optional.empty();
  }

  /**
   * Why there is no image.
   *
   * @param arm whose
   * @param prompt its number
   * @param image its number
   * @return the source's words; empty where it did not refuse
   */
  public Optional<String> refusal(Arm arm, int prompt, int image) {
    Path file = file(arm, prompt, image, ".refused.txt");
    try {
      return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e, e);
    }
  }

  private boolean isThere(Order order) {
    return Files.exists(file(order.arm, order.prompt, order.image, ".png"))
        || Files.exists(file(order.arm, order.prompt, order.image, ".refused.txt"));
  }

  /**
   * What is not there yet.
   *
   * @param orders all
   * @return those without an image and without a refusal
   */
  public List<Order> left(List<Order> orders) {
    return orders.stream().filter(order -> !isThere(order)).toList();
  }

  /**
   * Makes what is not there yet.
   *
   * @param source makes it
   * @param orders of this source
   * @throws FeedbackException if the source fails in another way than by refusing one image; what
   *     was made is kept
   */
  public void make(Source source, List<Order> orders) {
    List<Order> left = left(orders);
    ExecutorService threads = Executors.newFixedThreadPool(source.parallel());
    try {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < left.size(); i += source.together()) {
        List<Order> some = left.subList(i, Math.min(left.size(), i + source.together()));
        calls.add(threads.submit(() -> call(source, some)));
      }
      for (Future<?> call : calls) {
        Object unused = call.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while images were made");
    } finally {
      threads.shutdown(); // calls that were begun end, and their images are kept
      cancelWaiting(threads);
    }
  }

  /** Calls that were not begun do not begin; the others are waited for, since they are paid. */
  private static void cancelWaiting(ExecutorService threads) {
    if (threads instanceof ThreadPoolExecutor pool) {
      pool.getQueue().clear();
    }
    try {
      boolean unused = threads.awaitTermination(10, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void call(Source source, List<Order> orders) {
    try {
      List<Image> images =
          source
              .generator()
              .generate(
                  orders.stream().map(Order::text).toList(),
                  orders.stream().map(Order::seed).toList());
      for (int i = 0; i < orders.size(); i++) {
        write(orders.get(i), ".png", images.get(i).toPng());
      }
    } catch (FeedbackException.Refused | FeedbackException.MalformedVerdict e) {
      if (orders.size() > 1) {
        throw e;
      }
      byte[] words = String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
      write(orders.get(0), ".refused.txt", words);
    }
  }

  private void write(Order order, String ending, byte[] bytes) {
    Path file = file(order.arm, order.prompt, order.image, ending);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the folder of " + file + ": " + e, e);
    }
    AtomicFiles.write(file, bytes);
  }

  private Path file(Arm arm, int prompt, int image, String ending) {
    return folder
        .resolve(arm.name())
        .resolve(String.format(Locale.ROOT, "%03d-%02d%s", prompt, image, ending));
  }
}
