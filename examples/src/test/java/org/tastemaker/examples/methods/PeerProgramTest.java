package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.feedback.resilience.Sleeper;

class PeerProgramTest {
  @TempDir private Path folder;

  private PeerProgram start(String script) throws Exception {
    Path file = Files.writeString(folder.resolve("script.sh"), script);
    return PeerProgram.start(List.of("bash", file.toString()), "train", folder, Sleeper.system());
  }

  @Test
  void itIsToldWhatToDoAndWhere() throws Exception {
    try (PeerProgram program = start("echo \"$1\" > \"$2/told\"")) {
      program.awaitEnd();
    }
    assertThat(folder.resolve("told")).hasContent("train");
  }

  @Test
  void itsLastWordsAreSaidWhenItFails() throws Exception {
    try (PeerProgram program = start("echo 'No module named torch' >&2; exit 3")) {
      assertThatThrownBy(program::awaitEnd)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("exit code 3")
          .hasMessageContaining("peer.log ends with:")
          .hasMessageContaining("No module named torch");
    }
  }

  @Test
  void anEndBeforeTheAnswerIsAFailure() throws Exception {
    try (PeerProgram program = start("exit 0")) {
      program.awaitEnd();
      assertThatThrownBy(program::awaitAnswer).hasMessageContaining("exit code 0");
    }
  }

  @Test
  void anInterpreterThatIsNotThereIsNamed() {
    assertThatThrownBy(
            () ->
                PeerProgram.start(
                    List.of("no-such-python", "x.py"), "check", folder, Sleeper.system()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no-such-python")
        .hasMessageContaining("--python names an interpreter that has torch");
  }
}
