package org.tastemaker.core.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubFolderTest {
  @TempDir private Path cache;
  private Path model;

  @BeforeEach
  void aModelInTheCache() throws IOException {
    model = cache.resolve("models--owner--name");
    Files.createDirectories(model.resolve("snapshots/abc"));
    Files.createDirectories(model.resolve("refs"));
  }

  @Test
  void theSnapshotOfMainIsTaken() throws IOException {
    Files.createDirectories(model.resolve("snapshots/def"));
    Files.writeString(model.resolve("refs/main"), "def\n");
    assertThat(HubFolder.resolve(model)).isEqualTo(model.resolve("snapshots/def"));
  }

  @Test
  void theOnlySnapshotIsTakenWhereNoneIsNamed() {
    assertThat(HubFolder.resolve(model)).isEqualTo(model.resolve("snapshots/abc"));
  }

  @Test
  void ofSeveralSnapshotsOneMustBeNamed() throws IOException {
    Files.createDirectories(model.resolve("snapshots/def"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HubFolder.resolve(model))
        .withMessageContaining("has no refs/main, and the snapshots [abc, def]");
  }

  @Test
  void aSnapshotThatIsNotThereIsNamed() throws IOException {
    for (String revision : new String[] {"def", "../../other", ""}) {
      Files.writeString(model.resolve("refs/main"), revision);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> HubFolder.resolve(model))
          .withMessageContaining("refs/main names the snapshot " + revision)
          .withMessageContaining("there are [abc]");
    }
  }

  @Test
  void theWholeCacheIsRefusedWithAModelInIt() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HubFolder.resolve(cache))
        .withMessageContaining("a cache of several models")
        .withMessageContaining(model.toString());
  }

  @Test
  void anyOtherPathStaysAsItIs() {
    Path snapshot = model.resolve("snapshots/abc");
    assertThat(HubFolder.resolve(snapshot)).isEqualTo(snapshot);
    assertThat(HubFolder.resolve(cache.resolve("none"))).isEqualTo(cache.resolve("none"));
  }

  @Test
  void aPathThatDoesNotExistIsNamedWithWhatDoes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MissingPath.require(cache.resolve("a/b")))
        .withMessage(
            "there is no file or folder "
                + cache.resolve("a/b")
                + "; of its path, "
                + cache
                + " is there");
    MissingPath.require(cache);
  }
}
