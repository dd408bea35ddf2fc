package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.ChildProgram;

/** Jobs on a disk, and in a heap, that are too small for them. */
class LittleRoomTest {
  /** Only root can make a small disk: these tests are left out of the builds of others. */
  private static final String DISK = "disk";

  @TempDir Path folder;
  private Path disk;
  private boolean mounted;

  @BeforeEach
  void place() throws IOException {
    disk = Files.createDirectory(folder.resolve("disk"));
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      run("umount", disk.toString());
    }
  }

  @Test
  @Tag(DISK)
  void aJobThatStartsOnAFullDiskBuysNothing() throws Exception {
    mount(64);
    fill(0);
    try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(Greys::score)).start()) {
      assertThat(failure(server, 5)).contains("No space left on device");
      assertThat(server.requests()).isZero();
      fill(8); // room for a few lines, and for no answer
      assertThat(failure(server, 5)).contains("No space left on device");
      assertThat(server.requests()).isZero();
    }
  }

  @Test
  @Tag(DISK)
  void aDiskThatFillsUpLosesNothingThatWasPaid() throws Exception {
    mount(600);
    try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(Greys::score)).start()) {
      String said = failure(server, 5);
      assertThat(said).contains("No space left on device").contains("free some space");
      long paid = server.answers();
      assertThat(paid).isPositive();
      grow(4_000);
      assertThat(run(server, 5)).isEqualTo(200);
      // Two questions for each group: none of them was paid for twice.
      assertThat(server.answers()).isEqualTo(400);
    }
    assertThat(PreferenceDataset.read(disk.resolve("d.jsonl"), group -> {}).damaged()).isZero();
    assertThat(disk.resolve(".d.jsonl.space")).doesNotExist();
  }

  @Test
  @Tag(DISK)
  void withoutACacheTheJudgementsInFlightAreWrittenIntoTheSpaceReserved() throws Exception {
    mount(200);
    AtomicInteger asked = new AtomicInteger();
    MockJudge mock = MockJudge.of(Greys::score);
    Judge judge =
        question -> {
          asked.incrementAndGet();
          return mock.ask(question);
        };
    AnnotationJob job = Jobs.job(disk.resolve("d.jsonl"), judge).concurrency(4).build();
    String said = "";
    try {
      job.run(Jobs.groups(2_000));
    } catch (UncheckedIOException e) {
      said = e.getMessage();
    }
    assertThat(said).startsWith("cannot append to the dataset " + disk.resolve("d.jsonl"));
    assertThat(PreferenceDataset.readAll(disk.resolve("d.jsonl"))).hasSize(asked.get() / 2);
  }

  @Test
  void aHeapThatIsTooSmallForTheGroupsInFlightEndsTheJobWithAdvice() throws Exception {
    try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(Greys::score)).start()) {
      String said =
          ChildProgram.of(BigImages.class, server.baseUrl(), folder.toString())
              .withVmOptions("-Xmx256m")
              .output();
      assertThat(said)
          .contains("the heap of 256 MB is too small for 64 groups of images in flight")
          .contains("set a lower concurrency(...), smaller images, or a larger heap (-Xmx)")
          .contains("start the job again")
          .contains("second run judged them all");
    }
  }

  @Test
  void imagesThatAKilledJobHasLeftHalfWrittenAreRemoved() throws IOException {
    Path old = Files.writeString(folder.resolve(".a.png.1.tmp"), "half");
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));
    Path recent = Files.writeString(folder.resolve(".b.png.2.tmp"), "half");
    Jobs.job(folder.resolve("d.jsonl"), MockJudge.of(Greys::score))
        .saveImages(folder)
        .clock(Clock.systemUTC())
        .build()
        .run(Jobs.groups(1));
    assertThat(old).doesNotExist();
    assertThat(recent).as("somebody may be writing it").exists();
  }

  private String failure(LoopbackServer server, int concurrency) {
    try {
      run(server, concurrency);
      return "";
    } catch (UncheckedIOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private long run(LoopbackServer server, int concurrency) {
    try (ChatGptOracle oracle = oracle(server.baseUrl(), disk, concurrency)) {
      AnnotationJob job =
          AnnotationJob.builder(disk.resolve("d.jsonl"), oracle, Greys.RUBRIC, oracle.settings())
              .concurrency(concurrency)
              .build();
      JobReport report = job.run(Jobs.groups(200));
      return report.judged() + report.alreadyThere();
    }
  }

  private static ChatGptOracle oracle(String url, Path folder, int concurrency) {
    return ChatGptOracle.builder()
        .baseUrl(url)
        .withoutApiKey()
        .model("mock")
        .judging(options -> options.withImages(ImageForm.DEFAULT.withSide(0)))
        .limits(ResilientCaller.Options.DEFAULTS.withInFlight(concurrency))
        .cache(folder.resolve("answers"))
        .ledgerFile(folder.resolve("ledger.jsonl"))
        .prices(PriceTable.none())
        .budget(Budget.unlimited())
        .build();
  }

  private void mount(int kilobytes) throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k", "t", disk.toString());
    assertThat(mounted).as("only root can make a small disk").isTrue();
  }

  private void grow(int kilobytes) throws Exception {
    assertThat(run("mount", "-o", "remount,size=" + kilobytes + "k", disk.toString())).isTrue();
  }

  /** Leaves some kilobytes free. */
  private void fill(int free) throws IOException {
    Path filling = disk.resolve("filling");
    Files.deleteIfExists(filling);
    long size = Files.getFileStore(disk).getUsableSpace() - 1024L * free;
    byte[] bytes = new byte[(int) size];
    Arrays.fill(bytes, (byte) 1);
    Files.write(filling, bytes);
  }

  private static boolean run(String... command) throws Exception {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    }
  }

  /** A job with 64 groups in flight, each of 12 MB; and then one with two. */
  static final class BigImages {
    private static final int GROUPS = 80;

    private BigImages() {}

    public static void main(String[] args) {
      Path folder = Path.of(args[1]);
      try {
        job(args[0], folder, 64);
        System.out.println("it fitted");
      } catch (OutOfMemoryError e) {
        System.out.println(e.getMessage());
      }
      JobReport report = job(args[0], folder, 2);
      if (report.judged() + report.alreadyThere() == GROUPS) {
        System.out.println("second run judged them all");
      }
    }

    private static JobReport job(String url, Path folder, int concurrency) {
      try (ChatGptOracle oracle = oracle(url, folder, concurrency)) {
        Iterable<ImageGroup> groups = BigImages::groups;
        return AnnotationJob.builder(
                folder.resolve("big.jsonl"), oracle, Greys.RUBRIC, oracle.settings())
            .concurrency(concurrency)
            .build()
            .run(groups);
      }
    }

    private static Iterator<ImageGroup> groups() {
      return IntStream.range(0, GROUPS)
          .mapToObj(
              i ->
                  new ImageGroup(Prompt.of("prompt " + i), List.of(image(i, 0.2f), image(i, 0.7f))))
          .iterator();
    }

    private static Image image(int i, float brightness) {
      return Image.filled(720, 720, brightness, brightness, i / 100f);
    }
  }
}
