package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerLockTest {
  private static final int FILES = 200;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void place() {
    file = folder.resolve(".lock");
  }

  @Test
  void oneOwnerAtATimeIsLetIn() {
    OwnerLock lock = take();
    assertThatThrownBy(this::take)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the thing has one owner at a time, and is in use by another part of this process:"
                + " wait until that has ended, or choose another place");
    lock.close();
    lock.close(); // a second time does nothing
    take().close();
  }

  @Test
  void aSecondNameOfTheFileIsTheSameLock() throws IOException {
    Path other = Files.createSymbolicLink(folder.resolve("other"), folder).resolve(".lock");
    OwnerLock lock = take();
    assertThatThrownBy(() -> OwnerLock.take(other, "it")).isInstanceOf(IllegalStateException.class);
    lock.close();
    OwnerLock.take(other, "it").close();
  }

  @Test
  void aFileThatIsReachedByALinkHasTheSameLock() throws IOException {
    Path data = folder.resolve("data");
    Path before = OwnerLock.beside(data);
    Files.writeString(data, "");
    Path link =
        Files.createSymbolicLink(Files.createDirectory(folder.resolve("d")).resolve("l"), data);
    assertThat(OwnerLock.beside(link)).isEqualTo(OwnerLock.beside(data)).hasFileName(".data.lock");
    assertThat(before).hasFileName(".data.lock");
  }

  @Test
  void anotherProcessIsRefusedAndToldWhoHasIt() throws Exception {
    OwnerLock lock = take();
    assertThatThrownBy(this::take).isInstanceOf(IllegalStateException.class);
    // ... and that refusal has not ended the lock for other processes
    assertThat(inAnotherProcess("take"))
        .contains("in use by process " + ProcessHandle.current().pid());
    lock.close();
    assertThat(inAnotherProcess("take")).isEqualTo("taken");
  }

  @Test
  void theLockOfAKilledProcessIsFree() throws Exception {
    Process other = start("hold");
    try {
      assertThat(firstLine(other)).isEqualTo("taken");
      assertThatThrownBy(this::take)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("in use by process " + other.pid());
    } finally {
      other.destroyForcibly().waitFor();
    }
    take().close();
  }

  @Test
  void partsOfAFileAreLockedOneByOne() throws Exception {
    OwnerLock whole = take();
    OwnerLock one = OwnerLock.tryTake(file, 1).orElseThrow();
    OwnerLock last = OwnerLock.tryTake(file, -1).orElseThrow();
    assertThat(OwnerLock.tryTake(file, 1)).isEmpty();
    one.close(); // the others stay locked
    OwnerLock.tryTake(file, 1).orElseThrow().close();
    assertThat(OwnerLock.tryTake(file, -1)).isEmpty();
    assertThat(inAnotherProcess("take")).contains("in use by process");
    whole.close();
    last.close();
  }

  @Test
  void anInterruptedThreadKeepsItsLock() {
    Thread.currentThread().interrupt();
    OwnerLock lock = take();
    assertThat(Thread.interrupted()).isTrue();
    assertThatThrownBy(this::take).isInstanceOf(IllegalStateException.class);
    lock.close();
  }

  @Test
  void ofManyThreadsOneGetsIt() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<OwnerLock> got = Collections.synchronizedList(new ArrayList<>());
    try {
      List<Future<Object>> tried =
          threads.invokeAll(
              Collections.nCopies(
                  64,
                  () -> {
                    OwnerLock.tryTake(file, 7).ifPresent(got::add);
                    return "";
                  }));
      for (Future<Object> each : tried) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(got).hasSize(1);
    got.get(0).close();
  }

  /** Making the file must not end the locks that other threads have just taken on it. */
  @Test
  void threadsThatComeFirstAllKeepTheirParts() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<OwnerLock> held = new ArrayList<>();
    try {
      for (int i = 0; i < FILES; i++) {
        Path fresh = folder.resolve("lock" + i);
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Callable<OwnerLock>> takers = new ArrayList<>();
        for (int part = 0; part < threads; part++) {
          int own = part;
          takers.add(
              () -> {
                together.await();
                return OwnerLock.tryTake(fresh, own).orElseThrow();
              });
        }
        for (Future<OwnerLock> taken : pool.invokeAll(takers)) {
          held.add(taken.get());
        }
      }
      assertThat(inAnotherProcess("count")).isEqualTo("0 of " + FILES * threads + " are free");
    } finally {
      pool.shutdownNow();
      held.forEach(OwnerLock::close);
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() {
    assertThatThrownBy(() -> OwnerLock.take(folder.resolve("none/.lock"), "the thing"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot lock " + folder.resolve("none/.lock"))
        .hasMessageContaining("it needs a folder that may be written to");
  }

  private OwnerLock take() {
    return OwnerLock.take(file, "the thing");
  }

  private String inAnotherProcess(String what) throws IOException, InterruptedException {
    Process other = start(what);
    try {
      return firstLine(other);
    } finally {
      other.waitFor();
    }
  }

  private Process start(String what) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Other.class.getName(),
            what,
            file.toString())
        .redirectErrorStream(true)
        .start();
  }

  private static String firstLine(Process process) throws IOException {
    return new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }

  /** Another process: says whether it got the lock, and keeps it if it is to. */
  static final class Other {
    private Other() {}

    public static void main(String[] args) throws InterruptedException {
      if (args[0].equals("count")) {
        count(Path.of(args[1]).getParent());
        return;
      }
      try {
        OwnerLock lock = OwnerLock.take(Path.of(args[1]), "it");
        System.out.println("taken");
        if (args[0].equals("hold")) {
          Thread.sleep(60_000);
        }
        lock.close();
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }

    private static void count(@Nullable Path folder) {
      int free = 0;
      int all = 0;
      for (int i = 0; i < FILES; i++) {
        for (int part = 0; part < 8; part++) {
          Path file = Objects.requireNonNull(folder).resolve("lock" + i);
          free += OwnerLock.tryTake(file, part).isPresent() ? 1 : 0;
          all++;
        }
      }
      System.out.println(free + " of " + all + " are free");
    }
  }
}
