package org.tastemaker.datasets;

import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.RowGroup;

/** The columns of a row group, by their paths. */
final class GroupPages implements PageReadStore {
  private final RowGroup group;
  private final FileChannel channel;
  private final String where;
  private final Map<List<String>, ColumnMetaData> columns = new HashMap<>();

  GroupPages(RowGroup group, FileChannel channel, String where) {
    this.group = group;
    this.channel = channel;
    this.where = where;
    for (ColumnChunk chunk : group.getColumns()) {
      if (chunk.isSetFile_path()) {
        throw new PageException("its columns are in another file, " + chunk.getFile_path());
      }
      if (chunk.getMeta_data() == null) {
        throw new PageException("a column is encrypted, which is not read here");
      }
      columns.put(chunk.getMeta_data().getPath_in_schema(), chunk.getMeta_data());
    }
  }

  @Override
  public PageReader getPageReader(ColumnDescriptor descriptor) {
    List<String> path = List.of(descriptor.getPath());
    ColumnMetaData column = columns.get(path);
    if (column == null) {
      throw new PageException(
          "a row group has no column '" + String.join(".", path) + "'; it has " + columns.keySet());
    }
    return new ColumnPages(column, descriptor, channel, where);
  }

  @Override
  public long getRowCount() {
    return group.getNum_rows();
  }
}
