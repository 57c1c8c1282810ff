create table greeting (
  id integer generated always as identity primary key,
  body text not null
);
