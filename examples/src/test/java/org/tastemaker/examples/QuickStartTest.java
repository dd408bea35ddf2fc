package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.RunEvent;
import org.tastemaker.diffusion.cuda.StepExecution;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.QuickRun;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.watch.CsvListener;

@SuppressWarnings("NullAway.Init")
class QuickStartTest {
  @TempDir Path folder;
  private QuickStarts quickStart;

  @BeforeEach
  void inAnEmptyFolder() {
    quickStart = new QuickStarts(folder.resolve("run"));
  }

  @Test
  void theSameCommandResumes() throws Exception {
    assertThat(quickStart.run("--rounds", "1")).isZero();
    assertThat(folder.resolve("run/emoji-lora.safetensors")).exists();
    assertThat(folder.resolve("run/README.md"))
        .content()
        .contains(
            "pipeline_tag: text-to-image", "- judge: ", "| the judge's rule: score on held-out")
        .doesNotContain(folder.toString());
    int lines = Files.readAllLines(folder.resolve("run/metrics.jsonl")).size();

    assertThat(quickStart.run("--rounds", "2")).isZero();

    assertThat(quickStart.said).contains("2 rounds of 2 images, of which 1 are left");
    assertThat(Files.readAllLines(folder.resolve("run/metrics.jsonl")).size()).isGreaterThan(lines);
    assertThat(folder.resolve("run/checkpoints/000002")).exists();
  }

  @Test
  void aTableOfAResumedRunHasEachNumberOnce() throws Exception {
    Path table = folder.resolve("table/metrics.csv");
    quickStart.listener = CsvListener.to(table);
    assertThat(quickStart.run("--rounds", "1")).isZero();
    quickStart.listener = CsvListener.to(table);
    assertThat(quickStart.run("--rounds", "2")).isZero();

    List<String> names =
        Files.readAllLines(table).stream()
            .map(line -> line.substring(0, line.lastIndexOf(',')))
            .toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .contains("0,evaluation.rewardMean", "1,images", "2,images", "2,evaluation.rewardLow");
  }

  @Test
  void aLivePageIsWrittenAsTheRunGoesAndSaysHowItEnds() {
    List<String> pages = new ArrayList<>();
    quickStart.listener =
        event -> {
          if (event instanceof RunEvent.CheckpointSaved) {
            try {
              pages.add(Files.readString(folder.resolve("run/live.html")));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };

    assertThat(quickStart.run("--rounds", "2")).isZero();

    assertThat(pages.get(0)).contains(">Running</b>", "http-equiv=\"refresh\"");
    assertThat(quickStart.said).contains("live.html");
    assertThat(folder.resolve("run/live.html"))
        .content()
        .contains(">Finished</b>", "2 of 2 rounds", "<b>evaluation.rewardMean</b>", "green heart")
        .doesNotContain("http-equiv=\"refresh\"");
  }

  @Test
  void runningAFinishedCommandAgainKeepsItsReport() throws Exception {
    quickStart.run("--rounds", "1");
    String report = Files.readString(folder.resolve("run/report.html"));
    assertThat(report).contains("What the judge said", "Nearest glyphs, with confidence: A ");

    assertThat(quickStart.run("--rounds", "1")).isZero();

    assertThat(folder.resolve("run/report.html")).content().isEqualTo(report);
  }

  @Test
  void aStoppedRunLeavesLoraAndReportAndIsResumed() {
    quickStart.listener =
        event -> {
          if (event instanceof RunEvent.CheckpointSaved) {
            quickStart.cancellation.cancel();
          }
        };

    assertThat(quickStart.run("--rounds", "3")).isEqualTo(QuickRun.STOPPED);

    assertThat(quickStart.said).contains("This run was stopped. What was learned in 1 rounds");
    assertThat(folder.resolve("run/emoji-lora.safetensors")).exists();
    assertThat(folder.resolve("run/report.html"))
        .content()
        .contains("1 of 3 rounds are done", "What the judge said", "Provenance");

    QuickStarts again = new QuickStarts(folder.resolve("run"));
    assertThat(again.run("--rounds", "3")).isZero();
    assertThat(again.said).contains("of which 2 are left");
    assertThat(folder.resolve("run/report.html"))
        .content()
        .contains("Before and after")
        .doesNotContain("rounds are done");
  }

  @Test
  void stoppingARepeatedRunLeavesItsReportAlone() throws Exception {
    quickStart.run("--rounds", "1");
    String report = Files.readString(folder.resolve("run/report.html"));
    quickStart.cancellation.cancel();

    assertThat(quickStart.run("--rounds", "1")).isEqualTo(QuickRun.STOPPED);

    assertThat(folder.resolve("run/report.html")).content().isEqualTo(report);
  }

  @Test
  void aDivergedRunSaysSoAndGoesOnAsItAdvises() throws Exception {
    assertThat(quickStart.run("--rounds", "1")).isZero();
    assertThat(quickStart.run("--rounds", "2", "--learning-rate", "1e15"))
        .isEqualTo(QuickRun.DIVERGED);
    assertThat(quickStart.said)
        .contains("The run has diverged: round 2 has diverged and was taken back")
        .contains("The same command resumes from here, with a lower --learning-rate");

    assertThat(quickStart.run("--rounds", "2", "--learning-rate", "1e-4")).isZero();

    assertThat(folder.resolve("run/checkpoints/000002")).exists();
    assertThat(Files.readString(folder.resolve("run/notices.jsonl")))
        .contains("learningRate is 0.001 in the folder and 1.0E15 now")
        .contains("learningRate is 1.0E15 in the folder and 1.0E-4 now")
        .contains("learningRate is 0.001 in the checkpoint and 1.0E-4 now");
    assertThat(folder.resolve("run/report.html")).content().contains("1.0E-4");
  }

  @Test
  void aFolderOfAnotherRunIsLeftAlone() throws Exception {
    quickStart.run("--rounds", "1");
    byte[] before = Files.readAllBytes(folder.resolve("run/run.json"));

    assertThat(quickStart.run("--rounds", "1", "--seed", "2")).isEqualTo(2);

    assertThat(quickStart.said).contains("seed is 1 in the folder and 2 now", "another folder");
    assertThat(Files.readAllBytes(folder.resolve("run/run.json"))).isEqualTo(before);
  }

  @Test
  void aFolderThatHoldsNoRunIsLeftAlone() throws Exception {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(folder.resolve("run/thesis.tex"), "mine");

    assertThat(quickStart.run("--rounds", "1")).isEqualTo(2);

    assertThat(quickStart.said)
        .contains("holds no run, and is not overwritten: choose another folder");
    assertThat(folder.resolve("run")).isDirectoryContaining("glob:**thesis.tex");
    assertThat(folder.resolve("run/run.json")).doesNotExist();
  }

  @Test
  void aMisspeltOptionIsCorrected() {
    assertThat(quickStart.plain("--juge", "glyphs")).isEqualTo(2);
    assertThat(quickStart.said).contains("--judge");
  }

  @Test
  void wrongArgumentsAreUsageErrors() {
    assertThat(quickStart.plain("--judge", "nobody")).isEqualTo(2);
    assertThat(quickStart.said).contains("glyphs", "chatgpt");
    assertThat(quickStart.plain("--rounds", "many")).isEqualTo(2);
    for (String[] wrong :
        new String[][] {
          {"--rounds", "0"},
          {"--images", "1"},
          {"--step", "gpu"},
          {"--price", "cheap"},
          {"--budget", "1"},
          {"--prompt", "a castle in the air"}
        }) {
      assertThat(quickStart.plain(wrong)).as(wrong[0]).isEqualTo(2);
      assertThat(quickStart.said).contains("Usage: quick-start [OPTIONS]; --help lists them");
    }
  }

  @Test
  void theModelOfTheJudgeIsNamedAsSuch() {
    assertThat(quickStart.plain("--model", "gpt-4.1-mini")).isEqualTo(2);
    assertThat(quickStart.said).contains("--judge-model");
  }

  @Test
  void aSearchIsRunResumedAndReported() throws Exception {
    assertThat(quickStart.run("--method", "zo", "--rounds", "1")).isZero();
    assertThat(quickStart.run("--method", "zo", "--rounds", "2")).isZero();

    assertThat(quickStart.said).contains("2 rounds of 10 images, of which 1 are left");
    assertThat(folder.resolve("run/checkpoints/000002/search/zo-rank-sgd.safetensors")).exists();
    assertThat(Files.readString(folder.resolve("run/metrics.jsonl")))
        .contains("\"moved\"", "\"evaluation.rewardMean\"", "\"klToReference\"");
    assertThat(folder.resolve("run/report.html"))
        .content()
        .contains("a search without gradients, ZO-RankSGD", "Before and after");
    assertThat(quickStart.run("--rounds", "2")).isEqualTo(2);
    assertThat(quickStart.said).contains("method is zo in the folder and nft now");
  }

  @Test
  void aNumberThatIsTooSmallNamesItsOption() {
    assertThat(quickStart.plain("--rounds", "0")).isEqualTo(2);
    assertThat(quickStart.said).contains("--rounds must be at least 1, but was 0");
    assertThat(quickStart.plain("--images", "1")).isEqualTo(2);
    assertThat(quickStart.said)
        .contains("--images must be at least 2, since one image cannot be ranked, but was 1");
    assertThat(quickStart.plain("--learning-rate", "-1")).isEqualTo(2);
    assertThat(quickStart.said).contains("--learning-rate must be at least 0", "but was -1.0");
  }

  @Test
  void aPromptThatTheJudgeDoesNotKnowIsRejected() {
    assertThatThrownBy(() -> EmojiTask.consistency(BundledModel.judge(), List.of("gren heart")))
        .hasMessageContaining("\"green heart\"");
    assertThat(quickStart.run("--prompt", "a castle in the air")).isEqualTo(2);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void cudaIsUsedWhereThereIsAGpuAndFailsElsewhereAndSaysWhy() {
    int code = quickStart.run("--rounds", "1", "--step", "cuda");

    if (thereIsAGpu()) {
      assertThat(code).isZero();
    } else {
      assertThat(code).isEqualTo(1);
      assertThat(quickStart.said).containsIgnoringCase("driver").doesNotContain("\tat ");
      assertThat(folder.resolve("run")).doesNotExist();
    }
  }

  @Test
  void autoRunsWithWhatIsAvailable() {
    assertThat(quickStart.run("--rounds", "1", "--step", "auto")).isZero();
  }

  private static boolean thereIsAGpu() {
    try {
      StepExecution.CUDA.open().close();
      return true;
    } catch (RuntimeException e) {
      return false;
    }
  }
}
