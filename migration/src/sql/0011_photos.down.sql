drop table photo;
drop table photo_blob;
drop table photo_upload;
