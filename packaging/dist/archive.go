package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// walk calls f for each file and directory below tree, sorted by name. name is relative to
// tree, with slashes. Modes are 755 for directories and programs, else 644.
func walk(tree string, f func(name string, mode fs.FileMode, size int64, file string) error) error {
	return filepath.WalkDir(tree, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(tree, file)
		if err != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case entry.IsDir():
			return f(name, fs.ModeDir|0o755, 0, file)
		case !entry.Type().IsRegular():
			return &fs.PathError{Op: "pack", Path: file, Err: errors.New("not a regular file")}
		case path.Dir(name) == "bin":
			return f(name, 0o755, info.Size(), file)
		}
		return f(name, 0o644, info.Size(), file)
	})
}

// writeTarGz packs a tree, below a directory called top.
func writeTarGz(archive, tree, top string, date time.Time) error {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer out.Close()
	zipped, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(zipped)
	err = walk(tree, func(name string, mode fs.FileMode, size int64, file string) error {
		header := &tar.Header{
			Name: path.Join(top, name), Mode: int64(mode.Perm()), Size: size, ModTime: date,
			Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		}
		if mode.IsDir() {
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		}
		if err := w.WriteHeader(header); err != nil || mode.IsDir() {
			return err
		}
		return copyFile(w, file)
	})
	return errors.Join(err, w.Close(), zipped.Close(), out.Close())
}

// writeZip does the same for Windows.
func writeZip(archive, tree, top string, date time.Time) error {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer out.Close()
	w := zip.NewWriter(out)
	err = walk(tree, func(name string, mode fs.FileMode, _ int64, file string) error {
		if mode.IsDir() {
			return nil
		}
		header := &zip.FileHeader{Name: path.Join(top, name), Method: zip.Deflate, Modified: date}
		header.SetMode(mode)
		part, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		return copyFile(part, file)
	})
	return errors.Join(err, w.Close(), out.Close())
}

func copyFile(w io.Writer, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}
