package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The curves that the documents keep, and the page that was made from them. */
class DocumentedCurvesTest {
  private static final Path FOLDER = Path.of("../docs/curves");

  private final List<LongCurve> curves = RoundTimes.curvesOf(FOLDER);

  @Test
  void thePageIsWhatTheCommandMakesOfTheCurvesBesideIt() throws IOException {
    String page = Files.readString(FOLDER.resolve("curves.md"));

    assertThat(page.lines())
        .containsExactlyElementsOf(
            LongCurvePage.markdown(curves, LongCurvePlot.all(curves), RoundTimes.read(FOLDER))
                .lines()
                .toList());
  }

  @Test
  void thePicturesOfThePageAreThere() {
    for (LongCurvePicture picture : LongCurvePlot.all(curves)) {
      assertThat(FOLDER.resolve(picture.file())).isNotEmptyFile();
    }
  }

  @Test
  void allTrainingsHadTheSameProtocol() {
    assertThat(curves)
        .allSatisfy(
            curve -> {
              for (String name :
                  List.of("prompts", "imagesPerPrompt", "heldOutPerPrompt", "guidance", "steps")) {
                assertThat(curve.settings().values())
                    .as("%s of %s", name, curve.subject().name())
                    .containsEntry(name, curves.get(0).settings().values().get(name));
              }
            });
  }
}
