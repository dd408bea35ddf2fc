package org.tastemaker.human.annotate;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskQuestion;

/** What the tests of the page share: groups of grey images, and a desk. */
final class Asked {
  static final String ATTACK = "</script><img src=x onerror=alert(1)>";

  private Asked() {}

  static List<ImageGroup> groups(int count, int size) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int g = 0; g < count; g++) {
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        images.add(Image.filled(4, 4, (i + 1) / 8f, (g % 256) / 255f, 0.25f * (g >> 8)));
      }
      groups.add(new ImageGroup(Prompt.of("prompt " + g + (g == 0 ? ATTACK : "")), images));
    }
    return groups;
  }

  static Desk.Options options(int people, int checkEvery) {
    return new Desk.Options(people, Duration.ofMinutes(10), Duration.ZERO, checkEvery, Seed.of(1));
  }

  static Desk desk(Path folder, Desk.Options options) {
    return desk(folder, options, Map.of());
  }

  static Desk desk(Path folder, Desk.Options options, Map<String, Ranking> reference) {
    return Desk.open(
        folder.resolve("answers.jsonl"), options, List.of(), reference, Clock.systemUTC());
  }

  /** Asks in a thread of its own, and returns once the desk has the question. */
  static CompletableFuture<List<DeskAnswer>> ask(Desk desk, ImageGroup group)
      throws InterruptedException {
    CompletableFuture<List<DeskAnswer>> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(
                    desk.ask(
                        new DeskQuestion(GroupId.of(group), group, "Which is redder?"),
                        Duration.ofMinutes(1)));
              } catch (InterruptedException e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    await(() -> desk.isAsking(GroupId.of(group)) || result.isDone());
    return result;
  }

  static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 3000 && !condition.getAsBoolean(); i++) {
      Thread.sleep(10);
    }
  }
}
