delete from approval_rule where valid_from = '2000-01-01';
delete from required_field where valid_from = '2000-01-01';
