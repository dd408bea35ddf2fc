package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;

class PrivateFilesTest {
  @TempDir Path temp;

  @BeforeEach
  void needsPermissions() {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
  }

  @Test
  void everyFileAndFolderOfARunIsForItsOwnerOnly() throws IOException {
    Path path = temp.resolve("above/run");
    try (RunFolder folder =
        RunFolder.create(
            path,
            Map.of("rate", 1),
            Provenance.capture(Clock.systemUTC()).withSeed("run", Seed.of(1)),
            Clock.systemUTC())) {
      folder.appendMetrics(1, Map.of("loss", 0.5));
      folder.saveImage(1, "first", Image.filled(2, 2, 1, 0, 0));
      folder.saveCheckpoint(1, target -> write(target.resolve("weights"), "1"));
    }
    assertThat(modes(temp.resolve("above")))
        .containsKeys("run/run.json", "run/metrics.jsonl", "run/checkpoints/000001/weights")
        .allSatisfy(
            (name, mode) ->
                assertThat(mode)
                    .as(name)
                    .isEqualTo(
                        Files.isDirectory(temp.resolve("above").resolve(name))
                            ? "rwx------"
                            : "rw-------"));
  }

  @Test
  void aLogAndWhatIsSetAsideOfItAreForTheirOwnerOnly() throws IOException {
    Path log = temp.resolve("log.jsonl");
    LineLog.open(log).close();
    Files.writeString(log, "cut", StandardOpenOption.APPEND);
    LineLog.open(log).close();
    assertThat(modes(temp))
        .containsEntry("log.jsonl", "rw-------")
        .containsEntry("log.jsonl.damaged", "rw-------");
  }

  @Test
  void aFileThatIsReplacedKeepsWhatItsOwnerAllowed() throws IOException {
    Path file = temp.resolve("table.md");
    AtomicFiles.write(file, "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    AtomicFiles.write(file, "new");
    assertThat(file).hasContent("new");
    assertThat(modes(temp)).containsEntry("table.md", "rw-r-----");
  }

  @Test
  void aFolderThatIsThereKeepsItsPermissions() throws IOException {
    Path there = Files.createDirectory(temp.resolve("there"));
    Files.setPosixFilePermissions(there, PosixFilePermissions.fromString("rwxr-xr-x"));
    PrivateFiles.createFolders(there.resolve("new"));
    assertThat(modes(temp))
        .containsEntry("there", "rwxr-xr-x")
        .containsEntry("there/new", "rwx------");
  }

  @Test
  void aFileSystemWithoutPermissionsUsesItsOwn() throws IOException {
    try (FileSystem zip =
        FileSystems.newFileSystem(temp.resolve("a.zip"), Map.of("create", "true"))) {
      Path file = PrivateFiles.createFolders(zip.getPath("/a/b")).resolve("c");
      PrivateFiles.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
      assertThat(Files.size(file)).isZero();
    }
  }

  private static Map<String, String> modes(Path top) throws IOException {
    Map<String, String> modes = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : paths.filter(p -> !p.equals(top)).toList()) {
        modes.put(
            top.relativize(path).toString(),
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
      }
    }
    return modes;
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
