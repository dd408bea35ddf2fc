package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;

class DatasetWriterTest {
  @TempDir Path folder;

  private Path judged() {
    Path dataset = folder.resolve("judged.jsonl");
    Jobs.job(dataset, MockJudge.of(Greys::score)).build().run(Jobs.groups(5));
    return dataset;
  }

  private static DatasetHeader header(Path dataset) {
    return PreferenceDataset.read(dataset, group -> {}).header();
  }

  @Test
  void whatIsWrittenIsReadBackEqual() {
    Path dataset = judged();
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    Path copy = folder.resolve("copy.jsonl");
    DatasetWriter.write(copy, header(dataset), groups);
    assertThat(PreferenceDataset.readAll(copy)).hasSize(5).isEqualTo(groups);
    assertThat(header(copy)).isEqualTo(header(dataset));
  }

  @Test
  void aJobDoesNotTakeACorrectedDatasetForItsOwn() {
    Path dataset = judged();
    DatasetHeader header = header(dataset);
    DatasetHeader other =
        new DatasetHeader(
            header.rubric(), header.rubricText(), header.settings().with("review", "corrected"));
    DatasetWriter.write(dataset, other, PreferenceDataset.readAll(dataset));
    assertThatIllegalStateException()
        .isThrownBy(() -> Jobs.job(dataset, MockJudge.of(Greys::score)).build().run(Jobs.groups(6)))
        .withMessageContaining("belongs to another job");
  }

  @Test
  void aGroupThatIsThereTwiceIsRefused() {
    Path dataset = judged();
    List<AnnotatedGroup> twice = new ArrayList<>(PreferenceDataset.readAll(dataset));
    twice.add(twice.get(0));
    Path copy = folder.resolve("copy.jsonl");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DatasetWriter.write(copy, header(dataset), twice))
        .withMessageContaining("is there twice");
    assertThat(copy).doesNotExist();
  }
}
