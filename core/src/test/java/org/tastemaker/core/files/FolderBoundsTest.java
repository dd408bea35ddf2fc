package org.tastemaker.core.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderBoundsTest {
  @TempDir private Path root;
  private Path folder;
  private Path secret;

  @BeforeEach
  void aFolderAndAFileBesideIt() throws IOException {
    folder = Files.createDirectory(root.resolve("model"));
    secret = Files.writeString(root.resolve("secret.json"), "{}");
  }

  @Test
  void aFileInTheFolderIsFound() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{}");
    assertThat(FolderBounds.of(folder).resolve("config.json")).isEqualTo(file);
  }

  @Test
  void aFileThatIsNotThereIsNoError() {
    assertThat(FolderBounds.of(folder).resolve("none.json")).isEqualTo(folder.resolve("none.json"));
  }

  @Test
  void aLinkToAFileOutsideIsRejectedWithBothPaths() throws IOException {
    Files.createSymbolicLink(folder.resolve("config.json"), Path.of("../secret.json"));
    assertThatThrownBy(() -> FolderBounds.of(folder).resolve("config.json"))
        .isInstanceOf(UnsafeFileException.class)
        .hasMessageContaining(folder.resolve("config.json").toString())
        .hasMessageContaining(secret.toRealPath().toString())
        .hasMessageContaining("copy the file");
  }

  @Test
  void aLinkedFolderOnTheWayIsRejected() throws IOException {
    Path other = Files.createDirectory(root.resolve("other"));
    Files.writeString(other.resolve("config.json"), "{}");
    Files.createSymbolicLink(folder.resolve("unet"), other);
    assertThatThrownBy(() -> FolderBounds.of(folder).resolve("unet/config.json"))
        .isInstanceOf(UnsafeFileException.class);
  }

  @Test
  void dotsOutOfTheFolderAreRejectedWhetherSomethingIsThereOrNot() {
    for (String name : new String[] {"../secret.json", "../none", "a/../../secret.json", "/etc"}) {
      assertThatThrownBy(() -> FolderBounds.of(folder).resolve(name))
          .isInstanceOf(UnsafeFileException.class);
    }
  }

  @Test
  void aLinkThatLeadsNowhereSaysSo() throws IOException {
    Files.createSymbolicLink(folder.resolve("config.json"), Path.of("blob"));
    assertThatThrownBy(() -> FolderBounds.of(folder).resolve("config.json"))
        .isInstanceOf(UnsafeFileException.class)
        .hasMessageContaining("download is incomplete");
  }

  @Test
  void aLinkToItselfIsAnError() throws IOException {
    Files.createSymbolicLink(folder.resolve("config.json"), Path.of("config.json"));
    assertThatThrownBy(() -> FolderBounds.of(folder).resolve("config.json"))
        .isInstanceOfAny(UncheckedIOException.class, UnsafeFileException.class);
  }

  @Test
  void theCallersOwnFolderMayBeALink() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    Path link = Files.createSymbolicLink(root.resolve("link"), folder);
    assertThat(FolderBounds.of(link).resolve("config.json")).exists();
  }

  @Test
  void aPartOfAModelMayShareTheModelsFiles() throws IOException {
    Files.writeString(folder.resolve("model_index.json"), "{}");
    Files.writeString(folder.resolve("shared.json"), "{}");
    Path unet = Files.createDirectory(folder.resolve("unet"));
    Files.createSymbolicLink(unet.resolve("config.json"), Path.of("../shared.json"));
    Files.createSymbolicLink(unet.resolve("other.json"), Path.of("../../secret.json"));
    assertThat(FolderBounds.of(unet).resolve("config.json")).exists();
    assertThatThrownBy(() -> FolderBounds.of(unet).resolve("other.json"))
        .isInstanceOf(UnsafeFileException.class);
  }

  @Test
  void aSnapshotOfHuggingFacesCacheReadsItsBlobsAndNoOthers() throws IOException {
    Path snapshot = root.resolve("hub/models--a--b/snapshots/0123");
    Path unet = Files.createDirectories(snapshot.resolve("unet"));
    Path blobs = Files.createDirectories(root.resolve("hub/models--a--b/blobs"));
    Path others = Files.createDirectories(root.resolve("hub/models--c--d/blobs"));
    Files.writeString(blobs.resolve("one"), "{}");
    Files.writeString(others.resolve("two"), "{}");
    Files.writeString(root.resolve("hub/models--a--b/refs"), "{}");
    Files.createSymbolicLink(unet.resolve("config.json"), Path.of("../../../blobs/one"));
    Files.createSymbolicLink(
        unet.resolve("other.json"), Path.of("../../../../models--c--d/blobs/two"));
    Files.createSymbolicLink(unet.resolve("refs.json"), Path.of("../../../refs"));
    FolderBounds bounds = FolderBounds.of(unet);
    assertThat(bounds.resolve("config.json")).exists();
    assertThatThrownBy(() -> bounds.resolve("other.json")).isInstanceOf(UnsafeFileException.class);
    assertThatThrownBy(() -> bounds.resolve("refs.json")).isInstanceOf(UnsafeFileException.class);
    assertThat(FolderBounds.of(snapshot).resolve("unet/config.json")).exists();
  }
}
